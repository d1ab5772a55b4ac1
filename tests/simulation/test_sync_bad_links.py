"""Links that are bad all the time, to a folder, to a bucket and to memory, byte by byte.

Sync always goes on where it was, sends again at most a pack each time the link breaks off,
makes the copies one, and never shows half an object.
"""

from __future__ import annotations

import random

import pytest
from sync_world import Person

from afield.kernel.errors import AfieldError
from afield.kernel.files import OsFileSystem
from afield.sync.driver import Stopped
from afield.sync.errors import RemoteUnreachable
from afield.sync.layout import PACKS, pack_of
from afield.sync.limits import SEND_BYTES
from afield.sync.pace import Pace
from afield.sync.stores.folder import FolderRemote
from afield.sync.stores.memory import MemoryRemote
from afield.sync.stores.sliced import SLICES, sliced
from afield.testing.clock import ManualClock
from afield.testing.remote import HostileRemote
from afield.vault.packs import check

OBJECT_BYTES = 250_000
PACK_BYTES = 8 * OBJECT_BYTES + 10_000
SYNCS_MAX = 60


@pytest.fixture(params=["memory", "folder", "bucket"])
def far(request, tmp_path):
    """Return the place where the bytes really lie."""
    if request.param == "bucket":
        from afield.sync.stores.bucket import BucketRemote

        options = request.getfixturevalue("bucket")
        return BucketRemote(f"s3://team/{tmp_path.name}", options)
    if request.param == "folder":
        return FolderRemote(str(tmp_path / "far"), OsFileSystem())
    return MemoryRemote()


def worker(number, packs=2):
    """Return somebody whose packs are of 2 MB, and what each of their objects is."""
    person, chance = Person(number), random.Random(number)
    objects = {}
    for _ in range(packs):
        refs = []
        for _ in range(8):
            data = chance.randbytes(OBJECT_BYTES)
            refs.append(person.vault.put(data))
            objects[refs[-1]] = data
        person.vault.flush()
        person.journal.append("thing.named", "t", {"name": f"{number}"}, refs)
    return person, objects


def keep_on(person, link, done):
    """Sync until it comes to its end; return how often it did not."""
    for tries in range(SYNCS_MAX):
        try:
            person.sync(link)
        except RemoteUnreachable:
            done()
        else:
            return tries
    raise AssertionError("it never got there")


def nothing_by_halves(store, person, objects):
    """Every pack at the remote is whole, and so is every object that is shown here."""
    store = sliced(store)
    for role, folder in PACKS.items():
        for item in store.list(folder):
            check(pack_of(role, item.name), store.get(item.name))
    shown = [ref for ref in person.refs() if person.vault.has(ref)]
    assert all(person.vault.get(ref) == objects[ref] for ref in shown if ref in objects)
    assert not [each for each in person.journal.verify() if each.damaged]


@pytest.mark.parametrize("every_bytes", [550_000, 1_100_000, 3_000_000])
def test_a_link_that_breaks_after_every_so_many_bytes_costs_a_pack_each_time(far, every_bytes):
    ann, objects = worker(1)
    bob = Person(2)
    link = HostileRemote(far, seed=1, every_bytes=every_bytes)
    keep_on(ann, link, lambda: nothing_by_halves(far, ann, objects))
    good = HostileRemote(far, seed=1)
    ann.sync(good)
    assert good.largest_bytes < 2000, "all of it is there: nothing but a head is written"
    assert link.breaks or every_bytes > 2 * PACK_BYTES
    assert link.sent_bytes <= len(objects) * OBJECT_BYTES * 1.01 + link.breaks * PACK_BYTES
    back = HostileRemote(far, seed=2, every_bytes=every_bytes)
    keep_on(bob, back, lambda: nothing_by_halves(far, bob, objects))
    assert ann.lines() <= bob.lines()
    assert {ref: bob.vault.get(ref) for ref in objects} == objects
    shown = sliced(far)
    whole = sum(item.size_bytes for folder in PACKS.values() for item in shown.list(folder))
    assert back.read_bytes <= whole + back.breaks * PACK_BYTES + 100_000


@pytest.mark.parametrize("every_bytes", [5_000, 16 << 10, 100_000])
def test_a_link_that_breaks_off_within_every_record_is_used_in_slices(every_bytes, tmp_path):
    far = FolderRemote(str(tmp_path / "far"), OsFileSystem())
    ann, chance = Person(1), random.Random(1)
    objects = {}
    for _ in range(2):
        data = chance.randbytes(220_000)
        objects[ann.vault.put(data)] = data
    ann.vault.flush()
    for _ in range(60):  # a log whose chunk is larger than the link holds for
        ann.journal.append("thing.named", "t", {"name": chance.randbytes(200).hex()}, objects)
    link = HostileRemote(far, seed=1, every_bytes=every_bytes)
    keep_on(ann, link, lambda: nothing_by_halves(far, ann, objects))
    assert list(far.list(SLICES))
    assert not list(far.list(PACKS["data"])), "what is there in slices is there"
    whole = sum(len(data) for data in objects.values())
    assert link.sent_bytes < whole * 2.2 + 12 * every_bytes
    again = HostileRemote(far, seed=1)
    ann.sync(again)
    assert again.sent_bytes < 2000
    bob = Person(2)
    back = HostileRemote(far, seed=2, every_bytes=every_bytes)
    keep_on(bob, back, lambda: nothing_by_halves(far, bob, objects))
    assert ann.lines() <= bob.lines()
    assert {ref: bob.vault.get(ref) for ref in objects} == objects


def test_slices_go_on_where_a_process_was_killed_and_give_way_when_one_is_damaged(tmp_path):
    far = MemoryRemote()
    ann = Person(1)
    ref = ann.vault.put(random.Random(1).randbytes(250_000))
    ann.vault.flush()
    ann.journal.append("thing.named", "t", {"name": "n"}, [ref])
    for _ in range(4):  # each time the process ends when the link is down for good
        with pytest.raises(RemoteUnreachable):
            ann.sync(HostileRemote(far, seed=1, every_bytes=16 << 10, left=30))
    first = sorted(far.list(SLICES))
    assert 1 < len(first) < 100
    keep_on(ann, HostileRemote(far, seed=1, every_bytes=16 << 10), lambda: None)
    assert set(first) <= set(far.list(SLICES)), "what came is not sent again"
    broken = next(item.name for item in far.list(SLICES) if "!data!" in item.name)
    far.files[broken] = bytes(len(far.files[broken]))
    bob = Person(2)
    bob.sync(far)
    assert not bob.vault.has(ref)
    for person in (ann, bob):
        keep_on(person, HostileRemote(far, seed=2, every_bytes=16 << 10), lambda: None)
    assert bob.vault.has(ref)
    assert bob.vault.get(ref) == ann.vault.get(ref)
    assert broken not in far.files or any(far.files[broken])


def test_a_link_that_broke_once_is_used_in_smaller_parts_and_they_are_not_sent_twice():
    far = MemoryRemote()
    ann, objects = worker(1, packs=1)
    keep_on(ann, HostileRemote(far, seed=1, every_bytes=600_000), lambda: None)
    sizes = [len(data) for name, data in far.files.items() if pack_of("data", name)]
    assert max(sizes) <= SEND_BYTES[-1] + OBJECT_BYTES
    assert sum(sizes) < PACK_BYTES * 1.01
    bob = Person(2)
    bob.sync(far)
    again = HostileRemote(far, seed=1)
    for person in (ann, bob, ann, bob):
        person.sync(again)
    assert again.sent_bytes < 10_000
    assert {ref: bob.vault.get(ref) for ref in objects} == objects


def test_a_pack_that_is_larger_than_what_the_link_holds_for_comes_in_pieces():
    far = MemoryRemote()
    ann, objects = worker(1)
    ann.sync(far)
    whole = sum(map(len, far.files.values()))
    bob = Person(2)
    link = HostileRemote(far, seed=1, every_bytes=300_000)
    bob.sync(link)
    assert {ref: bob.vault.get(ref) for ref in objects} == objects
    assert link.breaks > 10
    assert link.read_bytes < whole * 3, "of what comes before a break, most is kept"


@pytest.mark.parametrize("every_bytes", [None, 600_000])
def test_what_is_damaged_there_is_sent_again_by_whoever_has_it(every_bytes):
    far = MemoryRemote()
    ann, objects = worker(1, packs=1)
    keep_on(ann, HostileRemote(far, seed=1, every_bytes=every_bytes), lambda: None)
    name = next(name for name in far.files if pack_of("data", name))
    far.files[name] = b"\0" * len(far.files[name])
    bob = Person(2)
    for person in (bob, ann, bob):
        person.sync(far)
    assert all(bob.vault.has(ref) for ref in objects)
    assert {ref: bob.vault.get(ref) for ref in objects} == objects


def test_a_remote_that_answers_503_lists_stale_twice_and_out_of_order_gets_there(far):
    (ann, ours), (bob, theirs) = worker(1, packs=1), worker(2, packs=1)
    objects = {**ours, **theirs}
    chance = random.Random(7)
    for _ in range(SYNCS_MAX):
        for person in (ann, bob):
            link = HostileRemote(far, seed=chance.getrandbits(32), fails=0.2, stale=0.4)
            try:
                person.sync(link)
            except AfieldError:
                nothing_by_halves(far, person, objects)
        if all(person.vault.has(ref) for person in (ann, bob) for ref in objects):
            break
    for person in (ann, bob, ann):
        person.sync(far)
    assert ann.lines() == bob.lines()
    nothing_by_halves(far, ann, objects)
    nothing_by_halves(far, bob, objects)


def test_a_slow_link_in_the_hours_that_at_names_gets_there_over_several_nights():
    far, clock = MemoryRemote(), ManualClock()
    ann, objects = worker(1, packs=4)
    link = HostileRemote(far, seed=1, bytes_per_s=1000.0, clock=clock)
    nights = 0
    while True:
        nights += 1
        ends_ns = clock.now_ns + 3600 * 10**9
        try:
            ann.sync(link, go_on=lambda ends_ns=ends_ns: clock.now_ns < ends_ns)
        except Stopped:
            clock.advance(23 * 3600)
        else:
            break
    assert nights == 3
    assert link.sent_bytes < len(objects) * OBJECT_BYTES * 1.01, "nothing is sent twice"
    bob = Person(2)
    bob.sync(far)
    assert {ref: bob.vault.get(ref) for ref in objects} == objects


def test_how_far_a_pack_is_is_told_while_it_travels_over_a_slow_link():
    far, clock = MemoryRemote(), ManualClock()
    ann, objects = worker(1, packs=3)

    def pace(rate):
        seconds = lambda: clock.now_ns / 1e9  # noqa: E731
        return Pace(rate, monotonic_s=seconds, sleep=clock.advance)

    told = []
    watch = lambda report, label: told.append((label, report.under_way))  # noqa: E731
    ann.sync(far, pace=pace(1e6), watch=watch)
    sending = [size_bytes for label, size_bytes in told if label == "sending"]
    assert len([size_bytes for size_bytes in sending if size_bytes > 0]) > 3 * 6
    told.clear()
    bob = Person(2)
    link = HostileRemote(far, seed=1, bytes_per_s=1e6, clock=clock)
    bob.sync(link, pace=pace(None), watch=watch)
    received = [size_bytes for label, size_bytes in told if label == "receiving"]
    within = {size_bytes for size_bytes in received if 500_000 < size_bytes < 1_900_000}
    assert within, "the first shows how fast the link is, the others come in pieces"
    assert {ref: bob.vault.get(ref) for ref in objects} == objects


def test_a_crash_at_each_message_of_a_sync_loses_nothing():
    far = MemoryRemote()
    ann, objects = worker(1, packs=1)
    ann.sync(far)
    message = 0
    while True:
        message += 1
        bob, steps = Person(2), iter(range(message))
        bob.vault.put(b"of bob")
        bob.vault.flush()
        there = MemoryRemote()
        there.files = dict(far.files)
        try:
            bob.sync(there, go_on=lambda steps=steps: next(steps, None) is not None)
        except Stopped:
            bob.crash()
            nothing_by_halves(there, bob, objects)
            bob.sync(there)
        else:
            break
        assert ann.lines() <= bob.lines()
        assert {ref: bob.vault.get(ref) for ref in objects} == objects
        before = dict(there.files)
        bob.sync(there)
        assert there.files == before
    assert message > 15
