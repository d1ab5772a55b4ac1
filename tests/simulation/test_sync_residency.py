"""Bytes of a place in random topologies: they reach no remote that is not of that place."""

from __future__ import annotations

import random

from sync_world import Person

from afield.sync.layout import PACKS
from afield.sync.stores.memory import MemoryRemote
from afield.vault import layout

TOPOLOGIES = 100
PLACES = ("eu", "us")


def test_bytes_of_a_place_go_to_remotes_of_that_place_only():
    arrived = held_back = 0
    for seed in range(TOPOLOGIES):
        chance = random.Random(seed)
        people = [Person(number) for number in range(1, chance.randint(2, 4))]
        remotes = [
            (MemoryRemote(), frozenset(place for place in PLACES if chance.random() < 0.4))
            for _ in range(chance.randint(1, 3))
        ]
        place_of = {}
        for _ in range(chance.randint(6, 14)):
            person = chance.choice(people)
            if chance.random() < 0.5:
                keep(person, chance, place_of)
            number = chance.randrange(len(remotes))
            remote, labels = remotes[number]
            allowed = filter_for(place_of, labels)
            person.sync(remote, name=str(number), may_send=allowed)
        for remote, labels in remotes:
            there = digests(remote)
            for digest, (place, data) in place_of.items():
                if place is not None and place not in labels:
                    assert digest not in there
                    assert not any(data in stored for stored in remote.files.values())
                    held_back += 1
                elif digest in there:
                    arrived += 1
    assert arrived > TOPOLOGIES
    assert held_back > TOPOLOGIES


def keep(person, chance, place_of):
    """Put objects of several places into one pack, and name them."""
    refs = []
    for _ in range(chance.randint(1, 4)):
        data = chance.randbytes(40)
        ref = person.vault.put(data, meta=chance.random() < 0.3)
        place_of[bytes.fromhex(ref)] = (chance.choice([None, *PLACES]), data)
        refs.append(ref)
    person.vault.flush()
    person.journal.append("thing.named", "t", {"name": "n"}, refs)


def filter_for(place_of, labels):
    def may_send(digest):
        place, _ = place_of.get(digest, (None, b""))
        return place is None or place in labels

    return may_send


def digests(remote):
    found = set()
    for name, data in remote.files.items():
        if name.startswith(tuple(PACKS.values())):
            block = layout.read_pack_index(data)
            found |= {entry.digest for entry in layout.entries_of(block)}
    return found
