"""What the simulated disk promises after a loss of power, and what it does not."""

from __future__ import annotations

import errno

import pytest

from afield.testing.clock import ManualClock
from afield.testing.disk import PowerLoss, SimulatedDisk

SEEDS = range(200)


def after(act, *, seed, **plan):
    disk = SimulatedDisk(seed, **plan)
    disk.make_folder("/d")
    act(disk)
    return disk.after_crash()


def append(disk, *, synced):
    file = disk.open_append("/d/a")
    for part in (b"one", b"two", b"three"):
        file.write(part)
        if synced:
            file.sync()


def test_what_was_synced_is_there_after_a_crash():
    for seed in SEEDS:
        assert (
            after(lambda disk: append(disk, synced=True), seed=seed).read("/d/a") == b"onetwothree"
        )


def test_what_was_not_synced_may_be_gone_torn_or_there():
    found = set()
    for seed in SEEDS:
        disk = after(lambda disk: append(disk, synced=False), seed=seed)
        found.add(disk.read("/d/a") if disk.list("/d") else None)
    assert {None, b"", b"one", b"onetwothree"} <= found
    assert b"onetw" in found or b"onet" in found
    assert all(data is None or b"onetwothree".startswith(data) for data in found)


def test_holes_are_only_where_nothing_was_synced():
    torn = 0
    for seed in SEEDS:
        disk = SimulatedDisk(seed, holes=True)
        disk.make_folder("/d")
        file = disk.open_append("/d/a")
        file.write(b"s" * 1000)
        file.sync()
        file.write(b"u" * 4000)
        data = disk.after_crash().read("/d/a")
        assert data[:1000] == b"s" * 1000
        torn += b"\0" in data and data.endswith(b"u")
    assert torn


def test_a_new_file_is_whole_or_absent_wherever_power_is_lost():
    plain = SimulatedDisk()
    plain.make_folder("/d")
    before = len(plain.operations)
    plain.write_new("/d/a", b"x" * 5000)
    last = len(plain.operations)
    found = set()
    for stop_at in range(before + 1, last + 1):
        for seed in SEEDS:
            disk = SimulatedDisk(seed, stop_at=stop_at, holes=True)
            disk.make_folder("/d")
            with pytest.raises(PowerLoss):
                disk.write_new("/d/a", b"x" * 5000)
            again = disk.after_crash()
            found.add(again.read("/d/a") if "a" in again.list("/d") else None)
    assert found == {None, b"x" * 5000}
    assert after(lambda disk: disk.write_new("/d/a", b"1"), seed=1).read("/d/a") == b"1"


@pytest.mark.parametrize("guard", ["sync", "sync folder"])
def test_without_a_guard_a_finished_file_is_lost_for_some_seed(guard):
    lost = 0
    for seed in SEEDS:
        disk = after(
            lambda disk: disk.write_new("/d/a", b"x" * 100), seed=seed, ignores=frozenset({guard})
        )
        lost += "a" not in disk.list("/d") or disk.read("/d/a") != b"x" * 100
    assert lost


def test_a_removed_file_may_come_back_after_a_crash():
    def act(disk):
        disk.write_new("/d/a", b"1")
        disk.remove("/d/a")

    assert {tuple(after(act, seed=seed).list("/d")) for seed in SEEDS} == {(), ("a",)}


@pytest.mark.parametrize("code", [errno.EIO, errno.ENOSPC])
def test_an_error_is_raised_once_at_its_operation(code):
    disk = SimulatedDisk(fail_at={3: code})
    disk.make_folder("/d")
    file = disk.open_append("/d/a")
    with pytest.raises(OSError, match=r"No space|Input/output") as caught:
        file.write(b"12345678")
    assert caught.value.errno == code
    assert len(disk.read("/d/a")) < 8
    file.write(b"!")
    assert disk.read("/d/a").endswith(b"!")


def test_a_sync_that_failed_is_not_mended_by_one_that_succeeds():
    lost = 0
    for seed in SEEDS:
        disk = SimulatedDisk(seed, fail_at={4: errno.EIO})
        disk.make_folder("/d")
        file = disk.open_append("/d/a")
        file.write(b"1234")
        with pytest.raises(OSError, match="Input/output"):
            file.sync()
        file.sync()
        lost += disk.after_crash().read("/d/a") != b"1234"
    assert 0 < lost < len(SEEDS)


def test_a_machine_that_is_off_does_nothing():
    disk = SimulatedDisk(stop_at=2)
    disk.make_folder("/d")
    with pytest.raises(PowerLoss):
        disk.open_append("/d/a")
    for act in (lambda: disk.list("/d"), lambda: disk.read("/d/a"), lambda: disk.remove("/d/a")):
        with pytest.raises(PowerLoss):
            act()


def test_the_same_seed_gives_the_same_crash():
    def run(seed):
        return after(lambda disk: append(disk, synced=False), seed=seed).files()

    assert all(run(seed) == run(seed) for seed in range(50))


def test_a_manual_clock_moves_only_when_turned():
    clock = ManualClock(1_000)
    assert clock.wall_ns() == clock.wall_ns() == 1_000
    clock.advance(2.5)
    assert clock.wall_ns() == 2_500_001_000
    stepping = ManualClock(0, step_ns=5)
    assert [stepping.wall_ns(), stepping.wall_ns()] == [5, 10]
