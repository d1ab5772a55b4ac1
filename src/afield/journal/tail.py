"""Where a log goes on: its newest entry, found from the end, and what lies behind it."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import msgspec

from afield.journal import seals
from afield.journal.entry import NO_PREV, Entry, decode_line
from afield.journal.limits import SEAL_ENTRIES_MAX, TAIL_BYTES
from afield.journal.places import OPEN, Head, Position, segment_name, segments
from afield.journal.scan import scan
from afield.journal.segments import read_segment
from afield.journal.witness import Witness, newest_witness
from afield.kernel.files import FileStat, FileSystem
from afield.kernel.ids import DeviceId

if TYPE_CHECKING:
    import logging

_FIRST_LOOK_BYTES = 64 << 10


class Tail(msgspec.Struct, frozen=True):
    """The state that an append goes on from.

    Attributes:
        segment: the newest segment, empty when there is none.
        size_bytes: where the next line goes.
        inode: of the segment's open form, 0 when the next line needs a new segment.
        sealed: sequence number of the newest seal.
        unsealed_bytes: lines behind it, or more where that is not known.
    """

    segment: str
    size_bytes: int
    inode: int
    seq: int
    digest: str
    at: int
    sealed: int
    unsealed_bytes: int = 0

    @property
    def head(self) -> Head:
        """The head of the log."""
        return Head(self.seq, self.digest, self.segment, self.size_bytes)


EMPTY = Tail("", 0, 0, 0, NO_PREV, 0, 0)


def logger(name: str) -> logging.Logger:
    """Return what a module of this room tells its oddities to; loaded when there is one."""
    import logging

    return logging.getLogger(name)


def find_tail(files: FileSystem, folder: str, device: DeviceId) -> Tail:
    """Return the tail as the verifying lines alone say it.

    `size_bytes` is the end of the last verifying line of the newest segment that has one.

    Raises:
        EntryVersionUnknown: the newest entry is of a newer format.
    """
    found = segments(files.list(folder))
    for name in reversed(found):
        tail = _tail_of_segment(files, folder, name, device, is_open=OPEN in found[name])
        if tail is not None:
            return tail
    return EMPTY


def catch_up(files: FileSystem, folder: str, tail: Tail, device: DeviceId) -> Tail | None:
    """Return the tail after what others appended, or None when a whole look is needed."""
    try:
        data = files.read(f"{folder}/{tail.segment}{OPEN}", tail.size_bytes)
    except FileNotFoundError:  # rolled and sealed by another process
        return None
    sealed = tail.sealed
    start = Position(tail.segment, tail.size_bytes, tail.seq, tail.digest)
    last: Entry | None = None
    end = start
    for batch in scan(data, start, device=device, below=None):
        if batch.damage is not None:
            return None
        last, end = batch.entries[-1], batch.position
        newest = (entry.seq for entry in reversed(batch.entries) if entry.kind == seals.KIND)
        sealed = next(newest, sealed)
    if last is None or end.offset != tail.size_bytes + len(data):
        return None
    before_bytes = tail.unsealed_bytes if sealed == tail.sealed else 0
    return msgspec.structs.replace(
        tail, size_bytes=end.offset, seq=end.seq, digest=end.digest, at=last.at, sealed=sealed,
        unsealed_bytes=before_bytes + len(data),
    )  # fmt: skip


def mend(files: FileSystem, folder: str, tail: Tail, device: DeviceId) -> Tail:
    """Make the log fit to go on from `tail`; call it under the log's lock.

    Bytes behind the last verifying line that no fsync ever vouched for are cut off. What was
    vouched for and no longer verifies stays where it is, and the log goes on behind it with
    the sequence number and digest that the witness kept: nothing is lost twice, and no
    number is used twice.
    """
    witness = newest_witness(files, folder, device)
    if witness is not None and witness.seq <= tail.seq:
        witness = None
    last = next(reversed(segments(files.list(folder))), "")
    path = f"{folder}/{last}{OPEN}"
    stat = files.stat(path)
    keep = tail.size_bytes if last == tail.segment else 0
    if witness is not None:
        logger(__name__).error(
            "journal %s: entries %d to %d were on disk and no longer verify; going on behind them",
            *(device, tail.seq + 1, witness.seq),
        )
        kept = witness.offset if witness.segment == last else 0
        tail = msgspec.structs.replace(
            tail,
            seq=witness.seq,
            digest=witness.digest,
            at=max(tail.at, witness.at),
            sealed=witness.seq - SEAL_ENTRIES_MAX,
        )
        keep = max(keep, kept)
    if stat is None or keep == 0:  # nothing to go on in; a new segment is needed
        if stat is not None and last == segment_name(tail.seq + 1):
            _set_aside(files, path)
        return msgspec.structs.replace(tail, segment=last, size_bytes=0, inode=0)
    size_bytes = _cut(files, path, stat, keep, ends_torn=witness is not None)
    return msgspec.structs.replace(tail, segment=last, size_bytes=size_bytes, inode=stat.inode)


def _cut(files: FileSystem, path: str, stat: FileStat, keep: int, *, ends_torn: bool) -> int:
    """Cut the file to `keep` bytes; end a damaged last line there; return the size."""
    keep = min(keep, stat.size_bytes)
    if stat.size_bytes == keep and not ends_torn:
        return keep
    file = files.open_append(path)
    try:
        if stat.size_bytes > keep:
            logger(__name__).warning(
                "journal %s: cut off %d torn bytes", path, stat.size_bytes - keep
            )
            file.truncate(keep)
        if ends_torn and files.read(path, keep - 1, 1) != b"\n":
            file.write(b"\n")
            keep += 1
    finally:
        file.close()
    return keep


def _set_aside(files: FileSystem, path: str) -> None:
    """Move a segment that holds no verifying line out of the way, under a name of its own."""
    number = 1
    while files.stat(f"{path}.damaged-{number}") is not None:
        number += 1
    logger(__name__).error("journal %s holds no line that verifies; set aside", path)
    files.rename(path, f"{path}.damaged-{number}")


def _tail_of_segment(
    files: FileSystem, folder: str, name: str, device: DeviceId, *, is_open: bool
) -> Tail | None:
    if is_open:
        with contextlib.suppress(FileNotFoundError):  # may be sealed between two looks
            return _tail_of_open(files, f"{folder}/{name}{OPEN}", name, device)
    data = read_segment(files, folder, name)
    return None if data is None else _tail_in(data, 0, name, 0, device)


def _tail_of_open(files: FileSystem, path: str, name: str, device: DeviceId) -> Tail | None:
    stat = files.stat(path)
    if stat is None:
        raise FileNotFoundError(path)
    size_bytes = stat.size_bytes
    window = min(_FIRST_LOOK_BYTES, size_bytes)
    while True:
        base = size_bytes - window
        data = files.read(path, base, window)
        tail = _tail_in(data, base, name, stat.inode, device)
        if tail is not None or base == 0:
            break
        window = min(window * 8, size_bytes)
    if tail is not None and tail.sealed == 0 and base > 0:
        base = max(0, size_bytes - TAIL_BYTES)
        sealed = _newest_seal(files.read(path, base, TAIL_BYTES))
        unknown = max(0, tail.seq - SEAL_ENTRIES_MAX) if base else 0
        unsealed_bytes = TAIL_BYTES if sealed else size_bytes
        tail = msgspec.structs.replace(
            tail, sealed=sealed or unknown, unsealed_bytes=unsealed_bytes
        )
    return tail


def _tail_in(data: bytes, base: int, name: str, inode: int, device: DeviceId) -> Tail | None:
    """Return the newest entry in the end of a segment that stands at byte `base` of it."""
    lines = data.split(b"\n")
    end = base + len(data) - len(lines.pop())
    if base and lines:
        lines.pop(0)  # most likely the end of a line only
    newest: Entry | None = None
    size_bytes = 0
    sealed, sealed_end = 0, base
    for line in reversed(lines):
        entry = decode_line(line)
        if entry is not None and entry.device == device:
            size_bytes = size_bytes or end
            if newest is None or entry.seq > newest.seq:
                newest = entry
            if entry.kind == seals.KIND and entry.seq > sealed:
                sealed, sealed_end = entry.seq, end
        end -= len(line) + 1
    if newest is None:
        return None
    unsealed_bytes = size_bytes - sealed_end
    return Tail(
        name, size_bytes, inode, newest.seq, newest.digest, newest.at, sealed, unsealed_bytes
    )


def _newest_seal(data: bytes) -> int:
    """Return the sequence number of the last seal in these bytes, 0 without one."""
    mark = f'"kind":"{seals.KIND}"'.encode()
    end = len(data)
    while (end := data.rfind(mark, 0, end)) >= 0:
        line = data[data.rfind(b"\n", 0, end) + 1 : data.find(b"\n", end)]
        entry = decode_line(line)
        if entry is not None and entry.kind == seals.KIND:
            return entry.seq
    return 0


def witness_of(tail: Tail, device: DeviceId) -> Witness:
    """Return what a witness says of a log synced up to `tail`."""
    return Witness(device, tail.seq, tail.digest, tail.at, tail.segment, tail.size_bytes)
