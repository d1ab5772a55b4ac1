"""Power loss and disk errors at every write, sync and rename of the vault.

Guards that these tests hold: the sync of a pack's bytes, the sync of its folder, the sync of a
folder that another process has renamed into. Each is taken away in a test here, which then
demands that the loss is noticed.
"""

from __future__ import annotations

import errno
import random

import pytest

from afield.kernel.errors import AfieldError
from afield.kernel.ids import ObjectId
from afield.testing.disk import PowerLoss, SimulatedDisk
from afield.vault import TreeEntry, Vault
from afield.vault.stores import FolderStore

ROOT = "/w/packs"
SEEDS = 35


class Writer:
    """Puts objects in several rounds; knows what was put and what was acknowledged."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self.put: dict[ObjectId, bytes] = {}
        self.acknowledged: dict[ObjectId, bytes] = {}
        self.trees: list[ObjectId] = []

    def work(self, disk: SimulatedDisk, rounds: int = 5) -> None:
        vault = Vault(ROOT, disk, pack_bytes=6_000)
        for number in range(rounds):
            entries = []
            for size_bytes in (0, 10, 700, 9_000, 40_000 if number == 1 else 300):
                data = self._random.randbytes(size_bytes // 2) + b"text " * (size_bytes // 10)
                object_id = again(lambda data=data: vault.put(data, meta=len(data) == 700))
                self.put[object_id] = data
                entries.append(TreeEntry(f"f{size_bytes}", 0o644, len(data), object_id))
            tree = again(lambda entries=entries: vault.put_tree(entries))
            self.put[tree] = vault.get(tree)
            again(vault.flush)
            self.acknowledged.update(self.put)
            self.trees.append(tree)


def again(act):
    """Do what a disk error may interrupt, and do it once more."""
    for _ in range(3):
        try:
            return act()
        except OSError:
            continue
    raise AssertionError("one error of the disk stopped more than one call")


def faults(disk: SimulatedDisk, writer: Writer) -> list[str]:
    """Return what is wrong with what was acknowledged, on a disk after a crash."""
    vault = Vault(ROOT, disk)
    found = []
    for object_id, data in writer.acknowledged.items():
        try:
            if vault.get(object_id) != data:
                found.append(f"{object_id} is served wrong")
        except AfieldError as error:
            found.append(error.message)
    found += [str(one) for one in vault.verify(roots=writer.trees) if one.damaged]
    return found


def invented(disk: SimulatedDisk, writer: Writer) -> list[ObjectId]:
    """Return what is there, or served wrong, and was never put."""
    vault = Vault(ROOT, disk)
    known = set(writer.put)
    return [
        object_id
        for object_id in vault.objects()
        if object_id not in known
        and not any(vault.get(object_id) in data for data in writer.put.values())
    ]


def crash_points() -> tuple[int, int]:
    """Lose power at every operation, for several seeds; return points tried and faulty ones."""
    whole = SimulatedDisk()
    Writer(0).work(whole)
    steps = max(at for at, (_, path) in enumerate(whole.operations, 1) if ".using/" not in path)
    tried = wrong = 0
    for seed in range(SEEDS):
        for stop_at in range(1, steps + 1):
            disk = SimulatedDisk(seed * 7919 + stop_at, stop_at=stop_at, holes=True)
            writer = Writer(0)
            with pytest.raises(PowerLoss):
                writer.work(disk)
            rebooted = disk.after_crash()
            tried += 1
            wrong += bool(faults(rebooted, writer))
            if stop_at % 5 == seed % 5:
                assert invented(rebooted, writer) == []
                goes_on(rebooted, writer)
    return tried, wrong


def goes_on(disk: SimulatedDisk, writer: Writer) -> None:
    """Write again after a crash, with no hand in between."""
    vault = Vault(ROOT, disk)
    writer.acknowledged[vault.put(b"after the crash")] = b"after the crash"
    vault.flush()
    assert faults(disk.after_crash(), writer) == []


def test_what_was_flushed_survives_a_loss_of_power_at_any_operation():
    tried, wrong = crash_points()
    assert tried >= 4_000
    assert wrong == 0


@pytest.mark.parametrize("guard", ["sync", "sync folder"])
def test_without_a_guard_the_same_test_finds_losses(guard):
    whole = SimulatedDisk()
    Writer(0).work(whole)
    lost = 0
    for seed in range(60):
        disk = SimulatedDisk(seed, ignores=frozenset({guard}), holes=True)
        writer = Writer(0)
        writer.work(disk)
        lost += bool(faults(disk.after_crash(), writer))
    assert lost > 0


@pytest.mark.parametrize("code", [errno.EIO, errno.ENOSPC])
def test_an_error_at_any_operation_loses_nothing_that_is_acknowledged_later(code):
    whole = SimulatedDisk()
    Writer(0).work(whole)
    for fail_at in range(1, len(whole.operations) + 1):
        disk = SimulatedDisk(fail_at, fail_at={fail_at: code})
        writer = Writer(0)
        writer.work(disk)
        assert faults(disk, writer) == []
        assert faults(disk.after_crash(), writer) == []


class Interrupted(SimulatedDisk):
    """Lets another process act between a rename and the sync of its folder."""

    def __init__(self, seed: int, **plan) -> None:
        super().__init__(seed, **plan)
        self.meanwhile = None

    def sync_folder(self, path: str) -> None:
        if self.meanwhile and self.operations[-1][0] == "rename":
            act, self.meanwhile = self.meanwhile, None
            act()
        super().sync_folder(path)


class Hasty(FolderStore):
    """A store that takes the names it sees for durable."""

    def settle(self) -> None:
        pass


def share_a_pack(seed: int, store_class: type[FolderStore]) -> bool:
    """Let B reuse the object of a pack that A has not made durable; tell whether it survives."""
    disk = Interrupted(seed)
    earlier = Vault(ROOT, disk)  # so that the next rename is that of a pack
    earlier.put(b"earlier")
    earlier.flush()
    first = Vault(ROOT, disk)
    second = Vault(ROOT, disk, store=store_class(ROOT, disk))
    object_id = first.put(b"wanted by both")

    def meanwhile() -> None:
        second.put(b"wanted by both")
        second.flush()
        raise PowerLoss("right after B was told that its object is safe")

    disk.meanwhile = meanwhile
    with pytest.raises(PowerLoss):
        first.flush()
    return Vault(ROOT, disk.after_crash()).has(object_id)


def test_an_object_found_in_the_pack_of_another_process_is_safe_after_flush():
    assert all(share_a_pack(seed, FolderStore) for seed in range(50))


def test_without_settling_the_shared_object_is_lost_for_some_seed():
    assert not all(share_a_pack(seed, Hasty) for seed in range(50))
