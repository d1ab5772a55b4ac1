"""Bytes that must stay in a place, in ten thousand random topologies: none reaches another place.

Replicas, remotes, bundles and relays are sets of packs; what travels is what the plan of push and
pull asks for, and what the labels allow of it. Nothing is signed, packed or written: that is what
`tests/simulation/test_sync_residency.py` does, in fewer worlds.
"""

from __future__ import annotations

import random

import pytest

from afield.journal import DeviceKey
from afield.kernel.ids import WorkspaceId
from afield.sync.job import Job
from afield.sync.messages import Packs, Send
from afield.sync.push import push_packs
from afield.sync.replica import going
from afield.workspace.residency import ANYWHERE, may_go

TOPOLOGIES = 10_000
GROUPS = 4
PLACES = ("eu", "us", "jp")
KEY = DeviceKey.from_private_bytes(bytes(32))


class Copy:
    """A replica: packs by name, and the cards that came with the record."""

    def __init__(self):
        self.packs = {}
        self.cards = {}

    def push(self, remote):
        """Do what the plan of a push asks for."""
        job = Job(WorkspaceId("w" * 26), KEY.public, KEY, "remote")
        steps = push_packs(job, {"data": remote.sizes(), "meta": {}}, ())
        answers = None
        while True:
            try:
                asked = next(steps) if answers is None else steps.send(answers)
            except StopIteration:
                break
            answers = [self.answer(ask, remote) for ask in asked]
        remote.cards.update(self.cards)

    def answer(self, ask, remote):
        if isinstance(ask, Packs):
            return {name: ("data", len(held)) for name, held in self.packs.items()}
        assert isinstance(ask, Send)
        there = {digest for name in ask.there for digest in remote.packs[name]}
        forbidden = {
            digest
            for dataset, digests in self.holds().items()
            if not may_go(self.cards.get(dataset), remote.labels)
            for digest in digests
        }
        goes = going(
            self.packs[ask.pack], lambda digest: digest not in forbidden, there.__contains__
        )
        if goes:
            remote.packs[name_of(goes)] = frozenset(goes)
        return len(goes)

    def pull(self, remote):
        self.packs.update(remote.packs)
        self.cards.update(remote.cards)

    def holds(self):
        """Return what datasets hold, as the record says: a digest may be in several."""
        found = {}
        for digest in {digest for held in self.packs.values() for digest in held}:
            for dataset in digest[0]:
                found.setdefault(dataset, set()).add(digest)
        return found


class Place(Copy):
    """A remote, or a bundle that somebody carries; with labels, or nobody knows where."""

    def __init__(self, labels):
        super().__init__()
        self.labels = labels

    def sizes(self):
        return {name: len(held) for name, held in self.packs.items()}


def name_of(digests):
    return f"{hash(frozenset(digests)) & (1 << 256) - 1:064x}"


def topology(seed):
    """Let a team work and sync; return what was held back, and what arrived."""
    chance = random.Random(seed)
    team = [Copy() for _ in range(chance.randint(2, 5))]
    some = [frozenset(place for place in PLACES if chance.random() < 0.4) for _ in range(4)]
    remotes = [Place(labels) for labels in some[: chance.randint(1, 4)]]
    remotes.append(Place(frozenset()))  # a bundle, a stick
    cards = {}
    for number in range(chance.randint(1, 4)):
        wanted = chance.choice([None, ("eu",), ("us", "jp"), (ANYWHERE,), ("eu", "us")])
        cards[number] = wanted
        author = chance.choice(team)
        author.cards[number] = wanted
        others = [other for other in cards if other in author.cards and chance.random() < 0.2]
        held = [((number, *(others if chance.random() < 0.3 else ())), n) for n in range(4)]
        held += [((other,), n) for other in others for n in range(2)]
        author.packs[name_of(held)] = frozenset(held)
        for _ in range(chance.randint(1, 4)):
            chance.choice(team).push(chance.choice(remotes))
            relay, remote = chance.choice(team), chance.choice(remotes)
            relay.pull(remote)
            relay.push(chance.choice(remotes))
    back = there = 0
    for remote in remotes:
        arrived = {digest for held in remote.packs.values() for digest in held}
        for datasets, number in arrived:
            wanted = [cards[dataset] for dataset in datasets]
            assert all(may_go(places, remote.labels) for places in wanted), (seed, datasets, number)
            assert all(
                places is None or ANYWHERE in places or set(places) & remote.labels
                for places in wanted
            )
        there += len(arrived)
        everything = {digest for copy in team for held in copy.packs.values() for digest in held}
        back += len(everything - arrived)
    return back, there


@pytest.mark.parametrize("group", range(GROUPS))
def test_bytes_of_a_place_reach_no_remote_without_its_label(group):
    counts = [topology(seed) for seed in range(group, TOPOLOGIES, GROUPS)]
    assert sum(back > 0 for back, _ in counts) > len(counts) / 4
    assert sum(there > 0 for _, there in counts) > len(counts) / 4


def test_labels_of_a_name_that_only_looks_alike_are_others():
    assert not may_go(("eu",), frozenset({"e", "u", "eux"}))
    assert not may_go((), frozenset({"eu"}))
    assert not may_go(("eu",), frozenset())
    assert may_go(None, frozenset())
    assert may_go((ANYWHERE,), frozenset())
