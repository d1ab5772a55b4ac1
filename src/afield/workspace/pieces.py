"""Files that only grow, as they lie in a bucket: in pieces, each named by where it begins and ends.

`journal/<log>!<segment>!<start>-<end>-<rank>` are bytes of a segment, uncompressed and in whole
lines; `live/<run>!<life>!<file>!…` those of a live file. Pieces may overlap; many small ones
become one. Both stand in the folder of one hub. A run that is opened again begins another life:
its files have other bytes then.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from afield.journal.places import LOCK, OPEN, LogName
from afield.journal.segments import read_segment, sealed_size
from afield.kernel.errors import Damaged
from afield.kernel.files import FileSystem
from afield.runs.live_owner import OWNER
from afield.runs.series.live import RECORD_BYTES, live_parts
from afield.vault.bucketed import Far

JOURNAL = "journal/"
LIVE = "live/"
MERGED_AT = 64
"""So many pieces of one file in a row that are alike in rank are made one."""

_NAME = re.compile(r"(?P<of>.+)!(?P<start>\d{12,})-(?P<end>\d{12,})-(?P<rank>\d+)")


class StorageDiffers(Damaged):
    """The bucket holds other lines of a log than the folder of the hub."""

    code = "workspace.storage_differs"


class Piece(NamedTuple):
    """Bytes of a growing file; `rank` tells how often they were merged."""

    start: int
    end: int
    rank: int = 0

    def name(self, of: str) -> str:
        """Return the name of this piece of a file in the bucket."""
        return f"{of}!{self.start:012d}-{self.end:012d}-{self.rank}"


class Growing(NamedTuple):
    """A file that only grows: its name in the bucket, its size, and what reads a part of it."""

    name: str
    size_bytes: int
    read: Callable[[int, int], bytes]


Pieces = dict[str, list[Piece]]
"""By the name of the file."""


def pieces_in(far: Far, folder: str) -> Pieces:
    """Return what lies in a folder of the bucket, in the order of where it begins."""
    found: Pieces = {}
    for name, _ in far.list(folder):
        match = _NAME.fullmatch(name)
        if match is not None:
            piece = Piece(int(match["start"]), int(match["end"]), int(match["rank"]))
            found.setdefault(match["of"], []).append(piece)
    for pieces in found.values():
        pieces.sort()
    return found


def reached(pieces: Sequence[Piece], start: int = 0) -> list[Piece]:
    """Return the fewest pieces that lead on from `start` without a gap."""
    path: list[Piece] = []
    while True:
        fitting = [piece for piece in pieces if piece.start <= start < piece.end]
        if not fitting:
            return path
        path.append(max(fitting, key=lambda piece: piece.end))
        start = path[-1].end


def end_of(pieces: Sequence[Piece]) -> int:
    """Return up to where a file is in the bucket."""
    path = reached(pieces)
    return path[-1].end if path else 0


def fetched(far: Far, of: str, pieces: Sequence[Piece], start: int = 0) -> bytes:
    """Return the bytes of a file from `start` on."""
    parts: list[bytes] = []
    for piece in reached(pieces, start):
        parts.append(far.get(piece.name(of), start - piece.start))
        start = piece.end
    return b"".join(parts)


def size_here(files: FileSystem, folder: str, name: str) -> int:
    """Return the size of a segment in bytes, uncompressed, without reading it."""
    stat = files.stat(f"{folder}/{name}{OPEN}")
    return sealed_size(files, folder, name) if stat is None else stat.size_bytes


def segment_here(files: FileSystem, root: str, log: LogName, name: str) -> Growing:
    """Return a segment of a log as it is now, to the end of its last whole line."""
    folder = f"{root}/{log}"
    with files.lock(f"{folder}/{LOCK}"):  # what a failed write left is taken back under it
        size_bytes = size_here(files, folder, name)

    def read(start: int, end: int) -> bytes:
        found = read_segment(files, folder, name, start) or b""
        return found[: end - start]

    return Growing(f"{JOURNAL}{log}!{name}", size_bytes, read)


def live_here(folder: str) -> list[Growing]:
    """Return the live files of a run as they are now."""
    found: list[Growing] = []
    try:
        life = Path(folder, OWNER).stat().st_mtime_ns  # written when the folder is made
    except FileNotFoundError:
        return found
    of = f"{LIVE}{Path(folder).name}!{life}"
    for part in live_parts(folder):
        names = Path(part.path.removesuffix(".bin") + ".names")
        try:
            whole_bytes = names.read_bytes().rfind(b"\n") + 1
        except FileNotFoundError:
            continue  # the run has ended meanwhile: its series is an object
        found.append(_live(of, names, whole_bytes))
        found.append(_live(of, Path(part.path), part.records * RECORD_BYTES))
    return found


def _live(of: str, path: Path, size_bytes: int) -> Growing:
    def read(start: int, end: int) -> bytes:
        with path.open("rb") as stream:
            stream.seek(start)
            return stream.read(end - start)

    return Growing(f"{of}!{path.name}", size_bytes, read)


def to_merge(pieces: Sequence[Piece]) -> list[Piece]:
    """Return the last pieces, when there are enough alike in rank to make one of them."""
    last = list(pieces[-MERGED_AT:])
    if len(last) < MERGED_AT or len({piece.rank for piece in last}) > 1:
        return []
    return last


def runs_in(pieces: Mapping[str, Sequence[Piece]]) -> dict[str, list[str]]:
    """Return the live files in the bucket, by run."""
    found: dict[str, list[str]] = {}
    for of in pieces:
        found.setdefault(of.removeprefix(LIVE).partition("!")[0], []).append(of)
    return found


def last_life(names: Sequence[str]) -> dict[str, str]:
    """Return the live files of a run as it was opened last, by their own name."""
    parts = [(int(life), file, of) for of in names for _, life, file in [of.split("!")]]
    last = max((life for life, _, _ in parts), default=0)
    return {file: of for life, file, of in parts if life == last}
