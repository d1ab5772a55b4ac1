"""Links that break at every operation: what was moved stays, and little is moved again."""

from __future__ import annotations

import random

import pytest
from sync_world import Person

from afield.kernel.errors import AfieldError
from afield.sync.errors import RemoteUnreachable
from afield.sync.stores.folder import FolderRemote
from afield.sync.stores.memory import MemoryRemote
from afield.testing.disk import PowerLoss, SimulatedDisk
from afield.testing.remote import HostileRemote


def worker(number=1, packs=6):
    person = Person(number)
    chance = random.Random(number)
    for _ in range(packs):
        person.work(chance)
    return person


def largest(remote):
    return max(map(len, remote.files.values()))


def whole_push():
    """Return what a push without faults moves, and in how many operations."""
    inner = MemoryRemote()
    link = HostileRemote(inner, seed=0, left=10**6)
    worker().sync(link)
    return link.sent_bytes, 10**6 - link.left, inner


WHOLE_BYTES, OPERATIONS, PUSHED = whole_push()


@pytest.mark.parametrize("cut", range(OPERATIONS))
def test_a_push_that_is_cut_goes_on_and_sends_at_most_one_pack_again(cut):
    inner, ann = MemoryRemote(), worker()
    link = HostileRemote(inner, seed=cut, left=cut)
    with pytest.raises(RemoteUnreachable):
        ann.sync(link)
    shown = Person(2)
    shown.sync(MemoryCopy(inner))
    for batch in shown.journal.read():
        for entry in batch.entries:
            assert all(shown.vault.has(ref) for ref in entry.refs), "an entry came before its bytes"
    link.left = None
    ann.sync(link)
    assert link.sent_bytes <= WHOLE_BYTES + largest(inner)
    bob = Person(2)
    bob.sync(inner)
    assert ann.lines() <= bob.lines()
    assert all(bob.vault.has(ref) for ref in bob.refs())


def test_a_pull_that_is_cut_anywhere_shows_nothing_by_halves_and_goes_on():
    cut = 0
    while True:
        cut += 1
        bob = Person(2)
        link = HostileRemote(MemoryCopy(PUSHED), seed=cut, left=cut)
        try:
            bob.sync(link)
        except RemoteUnreachable:
            before = {entry.digest for batch in bob.journal.read() for entry in batch.entries}
            assert not [each for each in bob.journal.verify() if each.damaged]
            link.left = None
            bob.sync(link)
            after = {entry.digest for batch in bob.journal.read() for entry in batch.entries}
            assert before <= after
        else:
            break
        assert all(bob.vault.has(ref) for ref in bob.refs())
        assert bob.refs()
    assert cut > 15


def test_power_lost_on_the_stick_itself_leaves_a_remote_that_heals():
    stop = 0
    while True:
        stop += 1
        stick = SimulatedDisk(stop, stop_at=stop)
        ann = worker(packs=3)
        try:
            ann.sync(FolderRemote("/stick", stick))
        except PowerLoss:
            stick = stick.after_crash()
        else:
            break
        ann.sync(FolderRemote("/stick", stick))
        bob = Person(2)
        report = bob.sync(FolderRemote("/stick", stick))
        assert not report.faults
        assert ann.lines() <= bob.lines()
        assert all(bob.vault.has(ref) for ref in bob.refs())
    assert stop > 20


def test_a_link_that_is_bad_all_the_time_still_gets_there():
    inner, ann, bob = MemoryRemote(), worker(1), worker(2)
    chance = random.Random(3)
    for _ in range(200):
        for person in (ann, bob):
            link = HostileRemote(inner, seed=chance.getrandbits(32), fails=0.5, stale=0.3, torn=0.1)
            try:
                person.sync(link)
            except AfieldError:  # or the very first bytes were torn: then it is refused
                continue
        if ann.lines() == bob.lines() and len({device for device, _, _ in ann.lines()}) > 1:
            return
    raise AssertionError("never got there")


class MemoryCopy(MemoryRemote):
    """A remote of one's own, with what another one holds."""

    def __init__(self, other):
        super().__init__()
        self.files = dict(other.files)
