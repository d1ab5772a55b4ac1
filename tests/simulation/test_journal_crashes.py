"""Power loss, death and refusal at every operation of append, roll, sync and seal.

Each point runs one workload on a disk in memory that stops, dies or fails at one operation,
then opens the journal again and compares with what had been acknowledged. The tests below try
more than 6,000 points, those of the vault 4,000; both say so by assertion.
"""

from __future__ import annotations

import contextlib
import errno
import itertools
import random
import types
from collections.abc import Iterator

import pytest

import afield.journal
from afield.testing.clock import ManualClock
from afield.testing.disk import PowerLoss, SimulatedDisk

ROOT = "/w/.afield/journal"
SEGMENT_BYTES = 2_500  # rolls every few steps
MEMBER = "m" * 16

# How often each operation is tried.
BLOCKS, SEEDS_PER_BLOCK = 4, 9
SEEDS_OF_HOLES, SEEDS_OF_DEATHS, SEEDS_OF_REFUSALS = 10, 7, 4
ERRORS = (errno.EIO, errno.ENOSPC)
SECOND_REFUSALS = {1: 7, 3: 8}  # so many operations later, with that seed
LOSSES_LATER = (1, 2, 4, 6, 9, 14)

# What is done, to how many entries, and whether it says that they are on disk.
WORKLOAD = (
    ("append", 1, True),
    ("append", 1, False),
    ("append", 5, False),
    ("append", 1, True),
    ("seal", 0, True),
    ("append", 3, False),
    ("reopen", 0, False),
    ("append", 4, False),
    ("sync", 0, True),
    ("append", 6, True),
    ("append", 1, False),
    ("other", 2, False),
    ("append", 2, True),
    ("other", 1, True),
    ("append", 4, False),
    ("close", 0, True),
    ("append", 1, True),
)


class Ledger:
    """What the journal was asked, what it acknowledged, and what it said is on disk."""

    def __init__(self):
        self.asked: list[int] = []
        self.acknowledged: list = []
        self.durable = 0

    def drafts(self, door, count):
        start = len(self.asked)
        self.asked.extend(range(start, start + count))
        return [
            door.Draft("run.params", "r" * 16, {"n": n, "text": "x" * (n % 7 * 60)})
            for n in range(start, start + count)
        ]


class World:
    """One disk and the journals that two processes of one device have open on it."""

    def __init__(self, door: types.ModuleType, disk: SimulatedDisk) -> None:
        self.door = door
        self.disk = disk
        self.clock = ManualClock(step_ns=300_000)
        self.key = door.DeviceKey.from_private_bytes(bytes(range(32)))
        self.ledger = Ledger()
        self.journal = self.open()
        self.other = self.open()

    def open(self):
        return self.door.Journal(
            ROOT,
            self.disk,
            self.clock,
            key=self.key,
            device=self.key.device,
            member=MEMBER,
            sync_within_s=None,
            segment_bytes_max=SEGMENT_BYTES,
        )

    def introduced(self) -> None:
        body = {"public_key": self.key.public.hex(), "member": MEMBER}
        while not self.ledger.acknowledged:  # as the making of a workspace would, try again
            with contextlib.suppress(OSError):
                entry = self.journal.append("device.introduced", self.key.device, body)
                self.acknowledge([entry], durable=False)

    def acknowledge(self, entries, *, durable) -> None:
        self.ledger.acknowledged.extend(entries)
        if durable:
            self.ledger.durable = len(self.ledger.acknowledged)

    def step(self, verb: str, count: int, *, durable: bool) -> None:
        ledger = self.ledger
        if verb in {"append", "other"}:
            journal = self.journal if verb == "append" else self.other
            entries = journal.append_many(ledger.drafts(self.door, count), durable=durable)
            self.acknowledge(entries, durable=durable)
        elif verb == "seal":
            entry = self.journal.seal()
            self.acknowledge([entry] if entry else [], durable=True)
        elif verb == "sync":
            self.journal.sync()
            self.acknowledge([], durable=True)
        elif verb == "close":
            self.journal.close()
            self.acknowledge([], durable=True)
        else:
            self.journal = self.open()

    def work(self) -> None:
        for step in [None, *WORKLOAD]:
            try:
                if step is None:
                    self.introduced()
                else:
                    self.step(step[0], step[1], durable=step[2])
            except OSError:
                continue  # refused, so not acknowledged; life goes on

    def served(self):
        batches = list(self.journal.read())
        return [e for b in batches for e in b.entries], [b.damage for b in batches if b.damage]


def operations_of_workload(door=afield.journal) -> int:
    world = World(door, SimulatedDisk())
    world.work()
    return len(world.disk.operations)


def reopen(world: World, disk: SimulatedDisk) -> World:
    after = World(world.door, disk)
    after.clock = world.clock
    after.clock.advance(-5)  # and the clock went back meanwhile
    after.journal = after.open()
    after.ledger = world.ledger
    return after


def settle(world: World) -> None:
    """Forget what was acknowledged, never said to be durable, and has not survived."""
    ledger = world.ledger
    served = {entry.digest for entry in world.served()[0]}
    rest = [e for e in ledger.acknowledged[ledger.durable :] if e.digest in served]
    ledger.acknowledged[ledger.durable :] = rest


def faults(world: World, *, holes: bool) -> Iterator[str]:
    """Yield what is wrong with the world's journal, compared with its ledger."""
    entries, damage = world.served()
    digests = [entry.digest for entry in entries]
    durable = [entry.digest for entry in world.ledger.acknowledged[: world.ledger.durable]]
    served = set(digests)
    if missing := [n for n, digest in enumerate(durable) if digest not in served]:
        yield f"acknowledged as durable and not served: {missing}"
    if [digest for digest in digests if digest in set(durable)] != durable:
        yield "acknowledged entries are out of order"
    numbers = [entry.body["n"] for entry in entries if entry.kind == "run.params"]
    if sorted(set(numbers)) != numbers or not set(numbers) <= set(world.ledger.asked):
        yield f"invented or repeated: {numbers}"
    seqs = [entry.seq for entry in entries]
    if sorted(set(seqs)) != seqs or (not holes and seqs != list(range(1, len(seqs) + 1))):
        yield f"sequence numbers: {seqs}"
    if not holes:
        found = [finding for finding in world.journal.verify() if finding.damaged]
        if damage or found:
            yield f"damage: {damage} {found}"


def check_after(world: World, disk: SimulatedDisk, *, holes: bool) -> list[str]:
    """Reopen on `disk`, look, append durably, lose power once more, look again."""
    after = reopen(world, disk)
    found = list(faults(after, holes=holes))
    settle(after)
    try:
        after.step("append", 2, durable=True)
    except Exception as error:  # noqa: BLE001 - whatever it is, it is the finding
        return [*found, f"cannot append after reopening: {error!r}"]
    found += faults(after, holes=holes)
    last = reopen(after, after.disk.after_crash())
    return found + list(faults(last, holes=holes))


def crash(door, point: int, seed: int, *, holes=False, ignores=frozenset()) -> list[str]:
    """Lose power at an operation, then again while reopening, then look."""
    disk = SimulatedDisk(seed * 1_000 + point, stop_at=point, holes=holes, ignores=ignores)
    world = World(door, disk)
    with contextlib.suppress(PowerLoss):
        world.work()
    again = random.Random(seed * 1000 + point).randint(0, 8)
    disk = disk.after_crash(stop_at=again or None)
    if again:
        after = reopen(world, disk)
        settle(after)
        with contextlib.suppress(PowerLoss):
            after.step("append", 1, durable=True)
        disk = disk.after_crash()
    return check_after(world, disk, holes=holes)


def die(door, point: int, seed: int) -> list[str]:
    """Kill the process at an operation; the machine and its page cache go on."""
    disk = SimulatedDisk(seed * 1_000 + point, stop_at=point)
    world = World(door, disk)
    try:
        world.work()
    except PowerLoss:
        disk.dead, disk.stop_at = False, None
    entries = {entry.digest for entry in reopen(world, disk).served()[0]}
    lost = [e.seq for e in world.ledger.acknowledged if e.digest not in entries]
    found = [f"lost without a loss of power: {lost}"] if lost else []
    return found + check_after(world, disk, holes=False)


def fail(door, points: tuple[int, ...], seed: int, error: int, stop_at=None) -> list[str]:
    """Let operations fail, go on working, lose power later or at the end."""
    plan = dict.fromkeys(points, error)
    disk = SimulatedDisk(seed * 1_000 + points[0], fail_at=plan, stop_at=stop_at)
    world = World(door, disk)
    with contextlib.suppress(PowerLoss):
        world.work()
    disk.fail_at.clear()
    return check_after(world, disk.after_crash(), holes=False)


def found_in(results) -> list[str]:
    """Return up to five of the faults, with the points that showed them."""
    return list(itertools.islice((f"{at}: {f}" for at, found in results for f in found), 5))


@pytest.fixture(scope="module")
def points() -> range:
    return range(1, operations_of_workload() + 1)


@pytest.fixture(autouse=True)
def quiet(caplog):
    caplog.set_level("CRITICAL", logger="afield.journal")


def test_the_workload_meets_every_kind_of_operation():
    world = World(afield.journal, SimulatedDisk())
    world.work()
    met = {(name, path.rsplit("/", 1)[1].partition(".")[2]) for name, path in world.disk.operations}
    assert {"write", "sync", "rename", "sync folder", "remove", "create"} <= {
        name for name, _ in met
    }
    assert ("rename", "log") in met
    assert ("rename", "log.zst") in met
    assert ("remove", "log") in met
    assert list(faults(world, holes=False)) == []


@pytest.mark.parametrize("block", range(BLOCKS))
def test_what_was_acknowledged_survives_a_loss_of_power_at_any_operation(points, block):
    seeds = range(block * SEEDS_PER_BLOCK, (block + 1) * SEEDS_PER_BLOCK)
    crashes = [(p, s) for p in points for s in seeds]
    assert found_in((at, crash(afield.journal, *at)) for at in crashes) == []


def test_what_was_acknowledged_survives_sectors_written_out_of_order(points):
    crashes = [(p, s) for p in points for s in range(SEEDS_OF_HOLES)]
    assert found_in((at, crash(afield.journal, *at, holes=True)) for at in crashes) == []


def test_nothing_acknowledged_is_lost_when_the_process_dies_at_any_operation(points):
    deaths = [(p, s) for p in points for s in range(SEEDS_OF_DEATHS)]
    assert found_in((at, die(afield.journal, *at)) for at in deaths) == []


@pytest.mark.parametrize("error", ERRORS)
def test_a_disk_that_refuses_any_operation_makes_no_false_promise(points, error):
    plans = [((p,), s) for p in points for s in range(SEEDS_OF_REFUSALS)]
    plans += [((p, p + more), s) for p in points for more, s in SECOND_REFUSALS.items()]
    assert found_in((at, fail(afield.journal, *at, error)) for at in plans) == []


def test_a_refusal_and_then_a_loss_of_power_lose_nothing_acknowledged(points):
    plans = [(p, p + later) for p in points for later in LOSSES_LATER]
    results = (
        ((p, stop), fail(afield.journal, (p,), stop, errno.EIO, stop_at=stop)) for p, stop in plans
    )
    assert found_in(results) == []


def test_these_are_six_thousand_points(points):
    refusals = len(ERRORS) * (SEEDS_OF_REFUSALS + len(SECOND_REFUSALS))
    seeds = BLOCKS * SEEDS_PER_BLOCK + SEEDS_OF_HOLES + SEEDS_OF_DEATHS
    assert len(points) * (seeds + refusals + len(LOSSES_LATER)) >= 6_000
