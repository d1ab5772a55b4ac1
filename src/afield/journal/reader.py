"""Reading logs while others write: heads, what is new since a position, is anything new.

Takes no lock. An unfinished last line is simply not there yet.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import msgspec

from afield.journal.entry import decode_line
from afield.journal.errors import PositionLost
from afield.journal.places import (
    OPEN,
    START,
    Batch,
    Head,
    LogName,
    Position,
    branch_start,
    device_of_log,
    is_branch,
    is_log,
    segments,
)
from afield.journal.scan import scan
from afield.journal.segments import read_segment, sealed_size
from afield.journal.tail import find_tail
from afield.kernel.files import FileSystem
from afield.kernel.findings import Finding
from afield.kernel.ids import DeviceId
from afield.kernel.limits import ENTRY_BYTES_MAX

_LINE_BYTES = 4 << 10


def logs(files: FileSystem, root: str) -> list[LogName]:
    """Return the logs here, sorted: one a device, each with its branches behind it."""
    return [LogName(name) for name in files.list(root) if is_log(name)]


def heads(files: FileSystem, root: str) -> dict[LogName, Head]:
    """Return the newest verifying entry of each log that has one."""
    found = {}
    for log in logs(files, root):
        tail = find_tail(files, f"{root}/{log}", device_of_log(log))
        if tail.seq:
            found[log] = tail.head
    return found


def changed_since(files: FileSystem, root: str, positions: Mapping[LogName, Position]) -> bool:
    """Say whether any log has bytes behind `positions`; looks at names and sizes only."""
    for log in logs(files, root):
        folder = f"{root}/{log}"
        found = segments(files.list(folder))
        if not found:
            continue
        last = next(reversed(found))
        position = positions.get(log, START)
        if position.segment != last:
            return True
        stat = files.stat(f"{folder}/{last}{OPEN}")
        size_bytes = stat.size_bytes if stat else sealed_size(files, folder, last)
        if size_bytes != position.offset:
            return True
    return False


def read_log(
    files: FileSystem, root: str, log: LogName, position: Position = START
) -> Iterator[Batch]:
    """Yield one log's verified entries behind `position`, in order.

    Raises:
        PositionLost: the log does not hold the entry that `position` names.
        EntryVersionUnknown: an entry is of a newer format.
    """
    folder = f"{root}/{log}"
    device = device_of_log(log)
    branch = log if is_branch(log) else ""
    names = list(segments(files.list(folder)))
    if position.seq:
        _check_position(files, folder, device, position)
    elif branch and names:
        position = _branches_off(files, folder, names[0], log)
    for index, name in enumerate(names):
        if int(name) < int(position.segment or 0):
            continue
        if name != position.segment:
            position = Position(name, 0, position.seq, position.digest)
        below = int(names[index + 1]) if index + 1 < len(names) else None
        for batch in _read_segment(files, folder, device, position, below=below):
            yield msgspec.structs.replace(batch, branch=branch) if branch else batch
            position = batch.position


def _branches_off(files: FileSystem, folder: str, name: str, log: LogName) -> Position:
    """Return the position before a branch's first entry: where it leaves the device's log."""
    data = read_segment(files, folder, name) or b""
    entry = decode_line(data[: data.find(b"\n")])
    seq = branch_start(log)
    if entry is None or entry.seq != seq or not entry.digest.startswith(log[-16:]):
        return START  # then the scan names what stands there
    return Position(name, 0, seq - 1, entry.prev)


def _read_segment(
    files: FileSystem, folder: str, device: DeviceId, position: Position, *, below: int | None
) -> Iterator[Batch]:
    again = below is None
    while True:
        data = read_segment(files, folder, position.segment, position.offset)
        if data is None:
            why = "the segment cannot be read"
            finding = Finding("segment", f"{device}/{position.segment}", why, damaged=True)
            yield Batch(device, [], position, finding)
            return
        for batch in scan(data, position, device=device, below=below):
            position = batch.position
            if batch.damage is not None and again:
                # A writer may have cut a torn line and written on while these bytes were
                # read. Only what a second look finds too is damage.
                again = False
                if batch.entries:
                    yield Batch(device, batch.entries, position)
                break
            yield batch
        else:
            return


def _check_position(files: FileSystem, folder: str, device: DeviceId, position: Position) -> None:
    """Look up the line that ends at `position` and compare its digest."""
    if position.offset == 0:  # the segment's first line is damaged; the one before is elsewhere
        return
    for size_bytes in (_LINE_BYTES, ENTRY_BYTES_MAX):
        start = max(0, position.offset - size_bytes - 1)
        data = read_segment(files, folder, position.segment, start)
        if data is None:
            break
        line = data[: position.offset - start]
        if len(line) < position.offset - start or not line.endswith(b"\n"):
            break
        before = line.rfind(b"\n", 0, -1)
        if before < 0 and start > 0:
            continue
        entry = decode_line(line[before + 1 : -1])
        if entry is not None and (entry.seq, entry.digest) == (position.seq, position.digest):
            return
        break
    raise PositionLost(
        "cannot read on in the journal",
        f"{device}/{position.seq}",
        "the log no longer holds the entry that was read last",
        hint="read the log from its start",
    )
