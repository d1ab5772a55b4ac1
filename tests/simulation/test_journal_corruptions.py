"""Bytes changed behind the journal's back, 4,000 times: detected, named and not served."""

from __future__ import annotations

import itertools
import json
import random
import types
from collections.abc import Callable

import pytest
import zstandard
from blake3 import blake3

import afield.journal
from afield.testing.clock import ManualClock
from afield.testing.disk import SimulatedDisk

ROOT = "/w/.afield/journal"
MEMBER = "m" * 16
KEY = bytes(range(32))
CHANGES_PER_KIND = 400  # of ten kinds: 4,000


class Record:
    """A closed journal of three segments on a disk in memory, to be spoilt and looked at."""

    def __init__(self, door: types.ModuleType) -> None:
        self.door = door
        self.key = door.DeviceKey.from_private_bytes(KEY)
        self.disk = SimulatedDisk()
        self.clock = ManualClock(step_ns=1_000_000)
        journal = self.open()
        body = {"public_key": self.key.public.hex()}
        self.entries = [journal.append("device.introduced", self.key.device, body)]
        for n in range(8):
            drafts = [door.Draft("run.params", "r" * 16, {"n": n * 3 + k}) for k in range(3)]
            self.entries += journal.append_many(drafts, durable=True)
            if n == 4:
                self.entries.append(journal.seal())
        journal.close()
        self.entries = [entry for batch in self.open().read() for entry in batch.entries]
        self.folder = f"{ROOT}/{self.key.device}"
        self.files = {
            path: data
            for path, data in sorted(self.disk.files().items())
            if path.endswith((".log", ".log.zst"))
        }
        self.witness = self.disk.files()[f"{self.folder}/synced"]
        assert [path.rpartition(".")[2] for path in self.files] == ["zst", "zst", "log"]

    def open(self):
        return self.door.Journal(
            ROOT,
            self.disk,
            self.clock,
            key=self.key,
            device=self.key.device,
            member=MEMBER,
            sync_within_s=None,
            segment_bytes_max=3_000,
        )

    def restore(self) -> None:
        for path in self.disk.files():
            if path not in self.files and ".log" in path:
                self.disk.remove(path)
        self.disk.overwrite(f"{self.folder}/synced", self.witness)
        for path, data in self.files.items():
            if path not in self.disk.files():
                self.disk.open_append(path)
            self.disk.overwrite(path, data)

    def lines(self, path: str) -> list[bytes]:
        data = self.files[path]
        if path.endswith("zst"):
            data = zstandard.ZstdDecompressor().decompress(data)
        return data.splitlines(keepends=True)

    def put_lines(self, path: str, lines: list[bytes]) -> None:
        data = b"".join(lines)
        if path.endswith("zst"):
            data = zstandard.ZstdCompressor(level=3, write_checksum=True).compress(data)
        self.disk.overwrite(path, data)

    def first_seq(self, path: str) -> int:
        return int(path.rpartition("/")[2].partition(".")[0])


def line_of(value: dict) -> bytes:
    payload = json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()
    return b"%b %b\n" % (blake3(payload).hexdigest()[:32].encode(), payload)


# Each kind of change returns the sequence numbers that a finding may name.


def flip_a_bit(record: Record, rng: random.Random, path: str) -> set[int]:
    data = bytearray(record.files[path])
    at = rng.randrange(len(data))
    data[at] ^= 1 << rng.randrange(8)
    record.disk.overwrite(path, bytes(data))
    if path.endswith("zst"):
        return set(range(record.first_seq(path), record.first_seq(path) + 100))
    seq = record.first_seq(path) + record.files[path][:at].count(b"\n")
    return {seq, seq + 1}


def swap_two_lines(record: Record, rng: random.Random, path: str) -> set[int]:
    lines = record.lines(path)
    one, two = sorted(rng.sample(range(len(lines)), 2))
    lines[one], lines[two] = lines[two], lines[one]
    record.put_lines(path, lines)
    return {record.first_seq(path) + one, record.first_seq(path) + two}


def drop_a_line(record: Record, rng: random.Random, path: str) -> set[int]:
    lines = record.lines(path)
    at = rng.randrange(len(lines))
    del lines[at]
    record.put_lines(path, lines)
    return {record.first_seq(path) + at}


def repeat_a_line(record: Record, rng: random.Random, path: str) -> set[int]:
    lines = record.lines(path)
    at, to = rng.randrange(len(lines)), rng.randrange(len(lines) + 1)
    lines.insert(to, lines[at])
    record.put_lines(path, lines)
    return {record.first_seq(path) + to, record.first_seq(path) + at + 1}


def cut_the_segment(record: Record, rng: random.Random, path: str) -> set[int]:
    data = record.files[path][: rng.randrange(len(record.files[path]))]
    record.disk.overwrite(path, data)
    first = record.first_seq(path)
    if path.endswith("zst"):
        return set(range(first, first + 100))
    return {first + data.count(b"\n")}


def drop_the_segment(record: Record, rng: random.Random, path: str) -> set[int]:
    record.disk.remove(path)
    return {record.first_seq(path)}


def zero_a_stretch(record: Record, rng: random.Random, path: str) -> set[int]:
    data = bytearray(record.files[path])
    at = rng.randrange(len(data))
    size = min(rng.randint(1, 600), len(data) - at)
    data[at : at + size] = bytes(size)
    record.disk.overwrite(path, bytes(data))
    first = record.first_seq(path)
    if path.endswith("zst"):
        return set(range(first, first + 100))
    return {first + record.files[path][:at].count(b"\n")}


def change_a_fact(record: Record, rng: random.Random, path: str) -> set[int]:
    """Change what an entry says, with a new checksum: only chain and seals can tell."""
    lines = record.lines(path)
    at = rng.randrange(len(lines))
    value = json.loads(lines[at][33:])
    value["about"] = "q" * 16
    lines[at] = line_of(value)
    record.put_lines(path, lines)
    return {record.first_seq(path) + at, record.first_seq(path) + at + 1}


def move_a_line_between_segments(record: Record, rng: random.Random, path: str) -> set[int]:
    other = rng.choice([name for name in record.files if name != path])
    lines, others = record.lines(path), record.lines(other)
    at = rng.randrange(len(lines))
    others.insert(rng.randrange(len(others) + 1), lines.pop(at))
    record.put_lines(path, lines)
    record.put_lines(other, others)
    return {record.first_seq(path) + at, record.first_seq(path) + at + 1}


def forge_all_that_follows(record: Record, rng: random.Random, path: str) -> set[int]:
    """Change a fact and build the whole rest of the log on it anew, as only malice does."""
    seq = rng.randint(2, len(record.entries) - 1)
    prev = None
    for name in record.files:
        lines = []
        for line in record.lines(name):
            value = json.loads(line[33:])
            if value["seq"] == seq:
                value["about"] = "q" * 16
            if value["seq"] > seq:
                value["prev"] = prev
                if value["kind"] == "journal.sealed":
                    value["body"]["digest"] = prev
            lines.append(line_of(value) if value["seq"] >= seq else line)
            prev = blake3(lines[-1][33:-1]).hexdigest()
        record.put_lines(name, lines)
    record.disk.overwrite(f"{record.folder}/synced", b"")
    return set(range(seq, len(record.entries) + 1))


KINDS: tuple[Callable[[Record, random.Random, str], set[int]], ...] = (
    flip_a_bit,
    swap_two_lines,
    drop_a_line,
    repeat_a_line,
    cut_the_segment,
    drop_the_segment,
    zero_a_stretch,
    change_a_fact,
    move_a_line_between_segments,
    forge_all_that_follows,
)


def spoil(record: Record, kind, seed: int) -> list[str] | None:
    """Change the record once; return what the journal failed to notice or got wrong.

    None when the change left everything as it was, such as a line repeated beside its equal.
    """
    record.restore()
    rng = random.Random(seed)
    path = rng.choice(list(record.files))
    may_name = kind(record, rng, path)
    if record.disk.files() == {**record.disk.files(), **record.files}:
        return None
    journal = record.open()
    damaged = [finding for finding in journal.verify() if finding.damaged]
    if not damaged:
        return ["not detected"]
    segment = path.rpartition("/")[2].partition(".")[0]
    names = {f"{record.key.device}/{seq}" for seq in may_name}
    named = [f for f in damaged if f.name in names or f"/{segment}" in f.name]
    faults = [] if named else [f"named {[f.name for f in damaged]}, not one of {sorted(names)}"]
    return faults + after_damage(record, kind)


def after_damage(record: Record, kind) -> list[str]:
    """Return what goes wrong when a spoilt log is read and goes on."""
    faults = []
    known = {entry.digest: entry.seq for entry in record.entries}
    honest = kind not in {change_a_fact, forge_all_that_follows}
    before = [entry for batch in record.open().read() for entry in batch.entries]
    if honest and not {entry.digest for entry in before} <= known.keys():
        faults.append("served what was never written")
    if [entry.seq for entry in before] != sorted({entry.seq for entry in before}):
        faults.append("served out of order or twice")
    entry = record.open().append("run.params", "r" * 16, {"n": 99}, durable=True)
    after = [entry for batch in record.open().read() for entry in batch.entries]
    # A line that had only lost its newline may be back; behind a gap stands a seal.
    new = [e for e in after[len(before) :] if e.digest not in known]
    if after[: len(before)] != before or new[0] != entry or len(new) > 2:
        faults.append("what was served changed with the next append")
    if honest and entry.seq != len(known) + 1:
        faults.append(f"number {entry.seq} after {len(known)} entries that were on disk")
    if not any(finding.damaged for finding in record.open().verify()):
        faults.append("forgotten after the next append")
    return faults


@pytest.fixture(scope="module")
def record() -> Record:
    return Record(afield.journal)


@pytest.fixture(autouse=True)
def quiet(caplog):
    caplog.set_level("CRITICAL", logger="afield.journal")


def test_an_unspoilt_record_has_no_findings(record):
    record.restore()
    assert list(record.open().verify()) == []


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_every_change_is_detected_and_named_and_the_log_goes_on(record, kind):
    faults: dict[int, list[str]] = {}
    seeds = itertools.count()
    while len(faults) < CHANGES_PER_KIND:
        seed = next(seeds)
        found = spoil(record, kind, seed)
        if found is not None:
            faults[seed] = found
    assert [(seed, found) for seed, found in faults.items() if found][:5] == []


def test_these_are_four_thousand_changes():
    assert len(KINDS) * CHANGES_PER_KIND >= 4_000
