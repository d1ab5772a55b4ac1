"""The journal: entries appended per second in batches and one by one, read, verified, opened.

Throughput is per second of this process's own CPU, the best of three rounds, because other work
on the machine only ever adds; waiting for the disk is what the durable line shows. Bounds: 50,000
entries/s appended in batches of 1,000; 150,000 entries/s read and checked; one entry that need not
be durable in under 60 us (median).
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

from afield.journal import DeviceKey, Draft, Journal
from afield.kernel.clock import SystemClock
from afield.kernel.files import OsFileSystem

ROUNDS = 3
BATCHES = 100
BATCH = 1_000
SINGLES = 5_000
DURABLES = 100

APPEND_PER_S_MIN = 50_000
READ_PER_S_MIN = 150_000
SINGLE_US_MAX = 60

BODY = {"params": {"lr": 0.1, "model": "tree", "depth": 8, "note": "a value of usual length"}}


def open_journal(folder: str, key: DeviceKey) -> Journal:
    return Journal(
        f"{folder}/journal",
        OsFileSystem(),
        SystemClock(),
        key=key,
        device=key.device,
        member="m" * 16,
    )


def seconds_each(act, times: int) -> list[float]:
    found = []
    for _ in range(times):
        start = time.perf_counter()
        act()
        found.append(time.perf_counter() - start)
    return found


def cpu_s(act) -> float:
    found = []
    for _ in range(ROUNDS):
        start = time.process_time()
        act()
        found.append(time.process_time() - start)
    return min(found)


def raw_write_us(folder: str, line: bytes) -> float:
    """Return the floor: one `os.write` of a line, without lock, checksum or chain."""
    fd = os.open(f"{folder}/raw", os.O_CREAT | os.O_WRONLY | os.O_APPEND)
    try:
        return statistics.median(seconds_each(lambda: os.write(fd, line), SINGLES)) * 1e6
    finally:
        os.close(fd)


def raw_sync_ms(folder: str, line: bytes) -> float:
    """Return the floor of a durable append: one write and one sync of the file."""
    fd = os.open(f"{folder}/raw", os.O_CREAT | os.O_WRONLY | os.O_APPEND)

    def act() -> None:
        os.write(fd, line)
        getattr(os, "fdatasync", os.fsync)(fd)

    try:
        return statistics.median(seconds_each(act, DURABLES)) * 1e3
    finally:
        os.close(fd)


def measure(folder: str) -> bool:
    key = DeviceKey.generate()
    journal = open_journal(folder, key)
    journal.append("device.introduced", key.device, {"public_key": key.public.hex()})
    drafts = [Draft("run.params", "r" * 16, BODY)] * BATCH

    def append_batches() -> None:
        for _ in range(BATCHES // ROUNDS):
            journal.append_many(drafts)

    append_per_s = BATCHES // ROUNDS * BATCH / cpu_s(append_batches)

    single_us = statistics.median(
        seconds_each(lambda: journal.append("run.params", "r" * 16, BODY), SINGLES)
    )
    single_us *= 1e6
    durable_ms = statistics.median(
        seconds_each(lambda: journal.append("run.ended", "r" * 16, BODY, durable=True), DURABLES)
    )
    durable_ms *= 1e3
    head = journal.heads()[key.device]
    journal.close()

    def read_all() -> int:
        return sum(len(batch.entries) for batch in open_journal(folder, key).read())

    def verify_all() -> None:
        findings = list(open_journal(folder, key).verify())
        assert not findings, findings

    count = read_all()
    read_per_s = count / cpu_s(read_all)
    verify_per_s = count / cpu_s(verify_all)
    positions = {batch.device: batch.position for batch in open_journal(folder, key).read()}
    reader = open_journal(folder, key)
    fresh_us = statistics.median(seconds_each(lambda: reader.changed_since(positions), 500)) * 1e6
    again = open_journal(folder, key)
    start = time.perf_counter()
    again.append("run.started", "r" * 16, BODY)
    first_ms = (time.perf_counter() - start) * 1e3
    again.close()

    path = Path(folder, "journal", key.device, f"{head.segment}.log")
    line = path.read_bytes().splitlines(keepends=True)[0]
    size_bytes = sum(file.stat().st_size for file in path.parent.iterdir())
    print(f"entries                        {count:>12,}   of {len(line)} bytes")
    print(f"on disk                        {size_bytes / count:>12.1f}   bytes an entry")
    print(f"appended in batches of {BATCH:,}   {append_per_s:>12,.0f} /s")
    writes, syncs = single_us / raw_write_us(folder, line), durable_ms / raw_sync_ms(folder, line)
    print(f"appended one by one, median    {single_us:>12.1f} us  ({writes:.0f}x os.write)")
    print(f"appended durably, median       {durable_ms:>12.2f} ms  ({syncs:.1f}x write + sync)")
    print(f"read and checked               {read_per_s:>12,.0f} /s")
    print(f"verified                       {verify_per_s:>12,.0f} /s")
    print(f"is anything new                {fresh_us:>12.1f} us")
    print(f"first append of a process      {first_ms:>12.2f} ms")
    return (
        append_per_s >= APPEND_PER_S_MIN
        and read_per_s >= READ_PER_S_MIN
        and single_us <= SINGLE_US_MAX
    )


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as found:
        sys.exit(not measure(found))
