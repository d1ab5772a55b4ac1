"""The raw lines of logs: for whoever carries them to another copy of the record, or from there.

Lines are copied as they stand, never encoded again. Where two entries of a device have one
number, its log has branched: both sides are kept, the second in a log of its own.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence

import msgspec

from afield.journal import seals
from afield.journal.entry import NO_PREV, Entry, decode_line
from afield.journal.log import DeviceLog
from afield.journal.places import (
    OPEN,
    LogName,
    branch_name,
    branch_start,
    device_of_log,
    is_branch,
    segment_name,
    segments,
)
from afield.journal.reader import heads, logs
from afield.journal.segments import read_segment
from afield.journal.tail import Tail, find_tail
from afield.kernel.clock import Clock
from afield.kernel.files import FileSystem
from afield.kernel.ids import DeviceId

_ROLL_NEVER = sys.maxsize


class Carried(msgspec.Struct, frozen=True):
    """A line as it stands in a log, and what it says.

    Attributes:
        line: the bytes, newline included.
        entry: what they say.
        opens: whether the line opens a segment.
    """

    line: bytes
    entry: Entry
    opens: bool


class Tip(msgspec.Struct, frozen=True):
    """The last sealed entry of a log or branch: all up to it can be proven to be the device's."""

    log: LogName
    seq: int
    digest: str

    @property
    def device(self) -> DeviceId:
        """Whose log it is."""
        return device_of_log(self.log)


def tips(files: FileSystem, root: str) -> list[Tip]:
    """Return the tip of each log and branch that has one, sorted."""
    found = []
    for log in logs(files, root):
        tail = find_tail(files, f"{root}/{log}", device_of_log(log))
        if tail.seq and tail.seq == tail.sealed:
            found.append(Tip(log, tail.seq, tail.digest))
        elif tail.sealed:
            entry = entry_at(files, root, log, tail.sealed)
            if entry is not None and entry.kind == seals.KIND:
                found.append(Tip(log, entry.seq, entry.digest))
    return found


def logs_of(files: FileSystem, root: str, device: DeviceId) -> list[LogName]:
    """Return the log of a device and its branches."""
    return [log for log in logs(files, root) if device_of_log(log) == device]


def lines_after(files: FileSystem, root: str, log: LogName, seq: int) -> Iterator[Carried]:
    """Yield the lines of a log behind entry `seq`, for as long as each builds on the one before."""
    names = list(segments(files.list(f"{root}/{log}")))
    last: Entry | None = None
    for index, name in enumerate(names):
        if index + 1 < len(names) and int(names[index + 1]) <= seq + 1:
            continue
        data = read_segment(files, f"{root}/{log}", name) or b""
        opens = True
        for line in data.split(b"\n")[:-1]:
            entry = decode_line(line)
            if entry is None or entry.device != device_of_log(log):
                return
            if entry.seq > seq:
                if entry.seq != seq + 1 or (last is not None and entry.prev != last.digest):
                    return
                yield Carried(line + b"\n", entry, opens)
                seq = entry.seq
            last, opens = entry, False


def find_entry(
    files: FileSystem, root: str, device: DeviceId, seq: int, digest: str
) -> LogName | None:
    """Return the log or branch that holds the entry `seq` whose digest begins with `digest`."""
    for log in logs_of(files, root, device):
        if is_branch(log) and seq < branch_start(log):
            continue
        entry = entry_at(files, root, log, seq)
        if entry is not None and entry.digest.startswith(digest):
            return log
    return None


def entry_at(files: FileSystem, root: str, log: LogName, seq: int) -> Entry | None:
    """Return the entry with this number, or None; finds it without reading all lines."""
    names = [name for name in segments(files.list(f"{root}/{log}")) if int(name) <= seq]
    if not names:
        return None
    data = read_segment(files, f"{root}/{log}", names[-1]) or b""
    low, high = 0, data.rfind(b"\n") + 1
    while low < high:
        middle = data.rfind(b"\n", low, (low + high) // 2) + 1 or low
        start, entry = _next_entry(data, middle, high)
        if entry is None:
            high = middle
        elif entry.seq == seq:
            return entry
        elif entry.seq < seq:
            low = start
        else:
            high = middle
    return None


def _next_entry(data: bytes, start: int, end: int) -> tuple[int, Entry | None]:
    """Return the first line that verifies from `start` on, with where the one after it is."""
    while start < end:
        stop = data.index(b"\n", start)
        entry = decode_line(data[start:stop])
        start = stop + 1
        if entry is not None:
            return start, entry
    return end, None


def lay(
    files: FileSystem, root: str, clock: Clock, device: DeviceId, lines: Sequence[Carried]
) -> list[Entry]:
    """Put lines of a device where they belong, durably; return the entries that were new.

    They are checked already, follow one another, and end in a good seal. Lines that are here
    stay; those that build on the end of a log go there; others begin a branch.
    """
    new = lines[_held(files, root, device, lines) :]
    if not new:
        return []
    entries = [each.entry for each in new]
    first = entries[0]
    found = heads(files, root)
    tails = [log for log in logs_of(files, root, device) if log in found]
    log = next((one for one in tails if found[one].digest == first.prev), None)
    if log is None and first.prev == NO_PREV and not tails:
        log = LogName(device)
    if log is None:
        if first.seq > 1 and find_entry(files, root, device, first.seq - 1, first.prev) is None:
            return []  # what they build on is not here
        log = branch_name(device, first.seq, first.digest)
        new = _open_branch(files, f"{root}/{log}", new)
    _append(files, f"{root}/{log}", clock, device, new)
    return entries


def _held(files: FileSystem, root: str, device: DeviceId, lines: Sequence[Carried]) -> int:
    """Return how many of the first lines are here: with an entry, all before it are."""
    low, high = 0, len(lines)
    while low < high:
        middle = (low + high) // 2
        entry = lines[middle].entry
        if find_entry(files, root, device, entry.seq, entry.digest) is None:
            high = middle
        else:
            low = middle + 1
    return low


def _open_branch(files: FileSystem, folder: str, lines: Sequence[Carried]) -> Sequence[Carried]:
    """Write the first line of a branch, which opens its first segment; return the others."""
    files.make_folder(folder)
    name = segment_name(lines[0].entry.seq)
    files.write_new(f"{folder}/{name}{OPEN}", lines[0].line)
    return lines[1:]


def _append(
    files: FileSystem, folder: str, clock: Clock, device: DeviceId, lines: Sequence[Carried]
) -> None:
    start = 0
    while start < len(lines):
        end = start + 1
        while end < len(lines) and not lines[end].opens:
            end += 1
        part = lines[start:end]
        roll_at = 0 if part[0].opens else _ROLL_NEVER
        log = DeviceLog(folder, files, clock, device, segment_bytes_max=roll_at)

        def compose(tail: Tail, part: Sequence[Carried] = part) -> tuple[bytes, Tail]:
            return _behind(tail, part)

        log.append(compose, durable=True)
        log.close()
        start = end


def _behind(tail: Tail, lines: Sequence[Carried]) -> tuple[bytes, Tail]:
    """Return what goes behind `tail`, which another process may have moved on."""
    if lines[0].entry.prev != tail.digest:
        return b"", tail
    last = lines[-1].entry
    sealed = [each.entry.seq for each in lines if each.entry.kind == seals.KIND]
    after = msgspec.structs.replace(
        tail,
        seq=last.seq,
        digest=last.digest,
        at=max(tail.at, last.at),
        sealed=max([tail.sealed, *sealed]),
    )
    return b"".join([each.line for each in lines]), after
