"""From a segment's bytes to verified entries: checksum, order and chain of every line.

Pure: bytes in, batches out. What does not verify is named in `Batch.damage` and never
served; the scan goes on behind it at the next line that verifies and belongs there.
"""

from __future__ import annotations

from collections.abc import Iterator

from afield.journal.entry import Entry, decode_line
from afield.journal.limits import BATCH_ENTRIES_MAX
from afield.journal.places import Batch, Position
from afield.kernel.findings import Finding
from afield.kernel.ids import DeviceId


def scan(data: bytes, start: Position, *, device: DeviceId, below: int | None) -> Iterator[Batch]:
    """Yield the entries of `data`, which stands at `start` in its segment.

    Args:
        data: the segment's bytes from `start.offset` on.
        start: the chain so far (`seq`, `digest`) and where `data` begins.
        device: whose log it is.
        below: with which sequence number the next segment opens: nothing will follow in this
            one, so an unfinished last line is damage. None: it is simply not yet there.
    """
    lines = data.split(b"\n")
    rest = lines.pop()
    segment, offset, seq, prev = start
    entries: list[Entry] = []
    index, count = 0, len(lines)
    while index < count:
        line = lines[index]
        entry = decode_line(line)
        if (
            entry is not None
            and entry.prev == prev
            and entry.seq == seq + 1
            and entry.device == device
        ):
            entries.append(entry)
            seq, prev = entry.seq, entry.digest
            offset += len(line) + 1
            index += 1
            if len(entries) == BATCH_ENTRIES_MAX:
                yield Batch(device, entries, Position(segment, offset, seq, prev))
                entries = []
            continue
        here = Position(segment, offset, seq, prev)
        index, size_bytes, found = _resume(lines, index, here, device, below)
        if found is None and below is not None:
            size_bytes += len(rest)
            rest = b""
        yield Batch(device, entries, here, _damage(here, device, (line, entry), size_bytes, found))
        entries = []
        if found is not None:
            offset += size_bytes
            seq, prev = found.seq - 1, found.prev
    here = Position(segment, offset, seq, prev)
    if rest and below is not None:
        why = f"the segment ends in the middle of a line, {len(rest)} bytes"
        yield Batch(device, entries, here, _finding("entry", here, device, why))
    elif entries:
        yield Batch(device, entries, here)


def _resume(
    lines: list[bytes], index: int, here: Position, device: DeviceId, below: int | None
) -> tuple[int, int, Entry | None]:
    """Find where to go on; return the line's index, the bytes before it, and its entry.

    A line belongs there if it builds on the last one served, or if it is newer and the line
    after it, if there is one, builds on it: a line that was moved forward must not hide those
    it jumped over.
    """
    size_bytes = 0
    count = len(lines)
    while index < count:
        entry = decode_line(lines[index])
        if entry is not None and entry.device == device and entry.seq > here.seq:
            if entry.prev == here.digest:
                return index, size_bytes, entry
            after = decode_line(lines[index + 1]) if index + 1 < count else None
            fits = below is None or entry.seq < below
            if fits and (after is None or after.prev == entry.digest):
                return index, size_bytes, entry
        size_bytes += len(lines[index]) + 1
        index += 1
    return index, size_bytes, None


def _damage(
    here: Position,
    device: DeviceId,
    met: tuple[bytes, Entry | None],
    size_bytes: int,
    found: Entry | None,
) -> Finding:
    """Name what stands between the last good line and the one where the scan goes on."""
    line, entry = met
    if entry is None:
        first = "is all zeros" if not line.strip(b"\0") else "does not match its checksum"
        what, why = "entry", f"the line {first}"
    elif entry.device != device:
        what, why = "chain", f"the line belongs to device {entry.device}"
    elif entry.seq <= here.seq:
        what, why = "chain", f"entry {entry.seq} stands here again or out of its place"
    elif entry.seq == here.seq + 1:
        what, why = "chain", "the entry does not build on the one before it"
    elif size_bytes:
        what, why = "chain", f"entry {entry.seq} stands here out of its place"
    else:
        what, why = "chain", "a line is gone"
    if found is None:
        why = f"{why}; {size_bytes} bytes to the end are not served"
    elif found.seq - 1 > here.seq:
        why = f"{why}; entries {here.seq + 1} to {found.seq - 1} are not served"
    return _finding(what, here, device, why)


def _finding(what: str, here: Position, device: DeviceId, why: str) -> Finding:
    place = f"segment {here.segment}, byte {here.offset}"
    return Finding(what, f"{device}/{here.seq + 1}", f"{place}: {why}", damaged=True)
