"""Each guard of the journal, taken away: the tests beside this one must then find faults.

A copy of the room without one guard is made from its source and put through the same checks.
`test_journal_crashes` covers the syncs, the cutting of torn lines and the writing anew after a
failed sync; `test_journal_corruptions` covers checksum, chain, seals and witness.
"""

from __future__ import annotations

import contextlib
import importlib
import sys
from pathlib import Path

import pytest
import test_journal_corruptions as corruptions
import test_journal_crashes as crashes

import afield.journal
from afield.testing.disk import PowerLoss, SimulatedDisk

SOURCE = Path(afield.journal.__file__).parent

GUARDS = {
    "sync": ("log.py", "            file.sync()\n", "            pass\n"),
    "cut": ("tail.py", "            file.truncate(keep)\n", "            pass\n"),
    "doubt": ("log.py", "            self._doubt = True\n", "            raise\n"),
    "sync before roll": (
        "log.py",
        "                self._sync(self._file)\n",
        "                pass\n",
    ),
    "durable roll": (
        "log.py",
        "        self._files.write_new(self._path(name), data)\n",
        "        self._files.open_append(self._path(name)).write(data)\n",
    ),
    "checksum": (
        "entry.py",
        '    if line[: CHECK_BYTES + 1] != b"%b " % digest[:CHECK_BYTES].encode():\n',
        "    if False:\n",
    ),
    "chain": ("scan.py", "            and entry.prev == prev\n", ""),
    "seal": ("seals.py", "    if not signed_by(", "    if False and not signed_by("),
    "witness": ("verify.py", "    if lost > seq:\n", "    if False:\n"),
}


@pytest.fixture
def without(tmp_path, monkeypatch, request):
    """Return the room without the guard that the test names."""
    file, guard, nothing = GUARDS[request.param]
    name = f"journal_without_{request.param.replace(' ', '_')}"
    room = tmp_path / name
    room.mkdir()
    for path in SOURCE.glob("*.py"):
        text = path.read_text(encoding="utf-8")
        if path.name == file:
            assert text.count(guard) == 1, "the guard has moved; say here where it is now"
            text = text.replace(guard, nothing)
        (room / path.name).write_text(text.replace("afield.journal", name), encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    yield importlib.import_module(name)
    for module in [module for module in sys.modules if module.partition(".")[0] == name]:
        del sys.modules[module]


@pytest.fixture(autouse=True)
def quiet(caplog):
    caplog.set_level("CRITICAL")


def guard(*names):
    return pytest.mark.parametrize("without", names, indirect=True)


@guard("sync", "cut", "durable roll")
def test_without_the_guard_a_loss_of_power_is_noticed(without):
    points = range(1, crashes.operations_of_workload() + 1)
    results = (((p, s), crashes.crash(without, p, s)) for p in points for s in range(9))
    assert crashes.found_in(results)


@guard("sync before roll")
def test_without_the_guard_a_roll_outlives_what_it_builds_on(without):
    """The workload syncs too often for this, so here are many entries and rolls instead."""

    def results():
        for point in range(20, 60):
            for seed in range(9):
                world = crashes.World(without, SimulatedDisk(seed * 1_000 + point, stop_at=point))
                with contextlib.suppress(PowerLoss):
                    world.introduced()
                    for _ in range(20):
                        world.step("append", 2, durable=False)
                disk = world.disk.after_crash()
                yield (point, seed), crashes.check_after(world, disk, holes=False)

    assert crashes.found_in(results())


@guard("doubt")
def test_without_the_guard_a_failed_sync_makes_a_false_promise(without):
    points = range(1, crashes.operations_of_workload() + 1)
    results = (
        ((p, later), crashes.fail(without, (p,), later, 5, stop_at=p + later))
        for p in points
        for later in range(1, 15)
    )
    assert crashes.found_in(results)


def test_a_disk_that_lies_about_syncs_is_noticed():
    points = range(1, crashes.operations_of_workload() + 1)
    for ignored in ("sync", "sync folder"):
        results = (
            ((p, s), crashes.crash(afield.journal, p, s, ignores=frozenset({ignored})))
            for p in points
            for s in range(9)
        )
        assert crashes.found_in(results)


@guard("checksum", "chain", "seal", "witness")
def test_without_the_guard_a_change_goes_unnoticed(without):
    record = corruptions.Record(without)
    assert any(
        corruptions.spoil(record, kind, seed) for kind in corruptions.KINDS for seed in range(100)
    )


def test_the_copy_with_all_guards_passes(tmp_path, monkeypatch):
    """The copying itself must not be what the tests above notice."""
    room = tmp_path / "journal_whole"
    room.mkdir()
    for path in SOURCE.glob("*.py"):
        text = path.read_text(encoding="utf-8").replace("afield.journal", "journal_whole")
        (room / path.name).write_text(text, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    whole = importlib.import_module("journal_whole")
    assert crashes.crash(whole, 30, 1) == []
    assert crashes.fail(whole, (30,), 1, 5) == []
    assert corruptions.spoil(corruptions.Record(whole), corruptions.change_a_fact, 1) == []
