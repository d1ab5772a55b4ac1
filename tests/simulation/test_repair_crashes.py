"""A repair that loses power at any of its writes leaves nothing worse, and the next one ends it.

Packs and logs on a disk in memory that tears and forgets; what was readable before is readable
after the crash, and after a second repair all of it is, where a sound copy exists.
"""

from __future__ import annotations

import contextlib
import random

import pytest

from afield.journal import DeviceKey, Draft, Journal
from afield.journal.mend import mend_log
from afield.journal.places import LogName
from afield.kernel.errors import AfieldError
from afield.members.events import device_introduced
from afield.testing.clock import ManualClock
from afield.testing.disk import PowerLoss, SimulatedDisk
from afield.vault import Vault
from afield.workspace.quarantine import Quarantine

ROOT = "/w/.afield"
PACKS = f"{ROOT}/packs"
JOURNAL = f"{ROOT}/journal"
KEY = DeviceKey.from_private_bytes(bytes([7]) * 32)


def packs_of(files):
    return {path: data for path, data in files.items() if path.startswith(PACKS + "/")}


def build():
    disk = SimulatedDisk()
    vault = Vault(PACKS, disk)
    made = random.Random(5)
    objects = {}
    for number in range(3):
        for size in (3, 700, 40_000):
            data = made.randbytes(size)
            objects[vault.put(data, meta=number == 1)] = data
        vault.flush()
    return packs_of(disk.files()), objects


FILES, OBJECTS = build()


def disk_with(files, seed, stop_at=None):
    disk = SimulatedDisk(seed)
    for path, data in files.items():
        disk.make_folder(path.rpartition("/")[0])
        disk.write_new(path, data)
    return disk.after_crash(stop_at=stop_at)


def readable(disk):
    vault = Vault(PACKS, disk)
    found = {}
    for name, data in OBJECTS.items():
        with contextlib.suppress(AfieldError):
            assert vault.get(name) == data
            found[name] = data
    return found


def mend(disk, copies):
    """Mend all packs, with whole ones from `copies` where it has them."""
    vault = Vault(PACKS, disk)
    quarantine = Quarantine(ROOT, disk)
    mending = vault.mending(lambda name: quarantine.keep(f"packs/{name}"))
    mending.header()
    for sick in [*mending.survey(lambda _packs, _bytes: None)]:
        now = mending.again(sick)
        if now is None:
            continue
        if now.harm == "index":
            mending.reindex(now)
        elif f"{PACKS}/{now.pack}.pack" in copies:
            mending.replace(now, copies[f"{PACKS}/{now.pack}.pack"])
        else:
            mending.salvage(now)
    mending.done()


def broken(seed):
    """Return the files of the vault with one or two of them damaged."""
    made = random.Random(seed)
    files = dict(FILES)
    for path in made.sample(sorted(files), 2):
        data = bytearray(files[path])
        match made.randrange(4):
            case 0:
                data[made.randrange(len(data))] ^= 4
            case 1:
                del data[made.randrange(len(data)) :]
            case 2:
                files.pop(path)
                continue
            case _:
                other = made.choice([each for each in files if each[-4:] == path[-4:]])
                files[other], data = bytes(data), bytearray(files[other])
        files[path] = bytes(data)
    return files


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("copies", [{}, FILES], ids=["alone", "with a replica"])
def test_packs_are_no_worse_after_a_crash_at_any_write(seed, copies):
    files = broken(seed)
    before = readable(disk_with(files, seed))
    whole = disk_with(files, seed)
    mend(whole, copies)
    after = readable(whole)
    assert before.items() <= after.items()
    if copies:
        assert after == OBJECTS
    for stop_at in range(1, len(whole.operations) + 1):
        disk = disk_with(files, seed * 1000 + stop_at, stop_at)
        with contextlib.suppress(PowerLoss):
            mend(disk, copies)
        found = disk.after_crash()
        assert before.items() <= readable(found).items(), stop_at
        mend(found, copies)
        assert after.items() <= readable(found).items(), stop_at
        left = {each.what for each in Vault(PACKS, found).verify() if each.damaged}
        assert left <= (set() if copies else {"object"}), stop_at  # a whole that lacks a part


def log_on(disk):
    return Journal(
        JOURNAL, disk, ManualClock(), key=KEY, device=KEY.device, member="m" * 16,
        sync_within_s=None, segment_bytes_max=1500,
    )  # fmt: skip


def build_log():
    disk = SimulatedDisk()
    journal = log_on(disk)
    introduced = device_introduced(KEY.device, public_key=KEY.public, member="m" * 16)
    journal.append_many([introduced])
    for number in range(12):
        journal.append_many([Draft("test.kind", "x", {"n": number, "text": "t" * 200})])
    journal.seal()
    journal.close()
    log = LogName(KEY.device)
    lines = list(log_on(disk).lines_after(log, 0))
    return disk.files(), lines


LOG_FILES, LINES = build_log()


def entries(disk):
    return {entry.digest for batch in log_on(disk).read() for entry in batch.entries}


def supply(_device, first, below):
    return [
        each for each in LINES if each.entry.seq >= first and (not below or each.entry.seq < below)
    ]


def mend_here(disk, asked):
    quarantine = Quarantine(ROOT, disk)
    aside = lambda path: quarantine.keep(f"journal/{path}")  # noqa: E731
    return mend_log(disk, JOURNAL, LogName(KEY.device), asked, aside)


@pytest.mark.parametrize("seed", range(8))
def test_a_log_is_no_worse_after_a_crash_at_any_write(seed):
    made = random.Random(seed)
    files = dict(LOG_FILES)
    logs = sorted(path for path in files if ".log" in path)
    path = made.choice(logs)
    data = bytearray(files[path])
    match seed % 4:
        case 0:
            data[made.randrange(len(data))] ^= 1
        case 1:
            del data[made.randrange(len(data)) :]
        case 2:
            data.clear()
        case _:
            data = bytearray(made.randbytes(50))
    files[path] = bytes(data)
    before = entries(disk_with(files, seed))
    whole = disk_with(files, seed)
    mend_here(whole, supply)
    everything = {each.entry.digest for each in LINES}
    assert entries(whole) == everything
    for stop_at in range(1, len(whole.operations) + 1):
        disk = disk_with(files, seed * 1000 + stop_at, stop_at)
        with contextlib.suppress(PowerLoss):
            mend_here(disk, supply)
        found = disk.after_crash()
        assert before <= entries(found), stop_at
        mend_here(found, supply)
        assert entries(found) == everything, stop_at
        assert not [each for each in log_on(found).verify() if each.damaged], stop_at


def test_a_log_whose_lines_changed_places_is_mended_from_itself():
    files = dict(LOG_FILES)
    path = max(path for path in files if path.endswith(".log"))
    lines = files[path].splitlines(keepends=True)
    files[path] = b"".join(reversed(lines))
    disk = disk_with(files, 1)
    mended = mend_here(disk, lambda *_: [])
    assert entries(disk) == {each.entry.digest for each in LINES}
    assert mended.missing == 0


def test_a_segment_that_is_gone_is_written_again_where_it_was():
    files = {path: data for path, data in LOG_FILES.items() if not path.endswith(".log")}
    files.pop(sorted(path for path in files if ".log.zst" in path)[1])
    disk = disk_with(files, 1)
    mend_here(disk, supply)
    assert entries(disk) == {each.entry.digest for each in LINES}
    names = {path for path in disk.files() if ".log" in path and "quarantine" not in path}
    assert len(names) >= len([path for path in files if ".log" in path])
