"""Putting a damaged log together again: its own good lines, and those that others have.

Segment by segment, in bounded memory. A segment is written anew only when more of it verifies
afterwards than before; what stood there is laid aside first. Nothing is signed or invented.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field

from afield.journal.carry import Carried
from afield.journal.entry import NO_PREV, Entry, decode_line
from afield.journal.places import (
    LOCK,
    OPEN,
    SEALED,
    WITNESS,
    LogName,
    Position,
    branch_start,
    device_of_log,
    is_branch,
    segment_name,
    segments,
)
from afield.journal.scan import scan
from afield.journal.segments import pack, read_segment, unpack
from afield.journal.witness import damaged_lines, good_lines
from afield.kernel.files import FileSystem
from afield.kernel.ids import DeviceId

Supply = Callable[[DeviceId, int, int | None], Iterable[Carried]]
"""Yields verified lines of a device from others, from one number up to (not with) another."""

Aside = Callable[[str], object]
"""Lays a copy of a file of the journal aside, by its path below the journal's folder."""


@dataclass(slots=True)
class LogMended:
    """What was done about one log.

    Attributes:
        segments: those that were written anew, by their file names.
        entries: how many entries are served that were not before.
        missing: how many are still not, going by the numbers around them.
    """

    segments: list[str] = field(default_factory=list)
    entries: int = 0
    missing: int = 0


@dataclass(frozen=True, slots=True)
class _Part:
    """A segment as it should be: `first` entry, up to that of the next one; None: open end."""

    name: str
    below: int | None
    suffixes: frozenset[str]


def mend_log(
    files: FileSystem, root: str, log: LogName, supply: Supply, aside: Aside, *, dry: bool = False
) -> LogMended:
    """Put together what can be of one log; with `dry`, only tell what would come of it.

    Raises:
        EntryVersionUnknown: an entry is of a newer format; nothing is touched.
        OSError: the disk refused; what was written is whole.
    """
    found = LogMended()
    if not dry:
        files.make_folder(f"{root}/{log}")
    with nullcontext() if dry else files.lock(f"{root}/{log}/{LOCK}"):
        prev: str | None = NO_PREV
        seq = 0
        for part in _parts(files.list(f"{root}/{log}"), log):
            mending = _Segment(files, root, log, part, prev if seq + 1 == int(part.name) else None)
            seq, prev = mending.mend(supply, aside, found, dry=dry)
        if not dry:
            _mend_rest(files, root, log, aside, found)
    return found


def _parts(names: list[str], log: LogName) -> Iterator[_Part]:
    """Yield the segments that a log should have, the missing first one included."""
    there = segments(names)
    first = branch_start(log) if is_branch(log) else 1
    if not there or int(next(iter(there))) > first:
        there = {segment_name(first): set(), **there}
    ordered = list(there)
    for index, name in enumerate(ordered):
        below = int(ordered[index + 1]) if index + 1 < len(ordered) else None
        yield _Part(name, below, frozenset(there[name]))


class _Segment:
    """One segment on its way to being whole.

    Args:
        prev: the digest of the entry before its first; None when that is not known.
    """

    def __init__(
        self, files: FileSystem, root: str, log: LogName, part: _Part, prev: str | None
    ) -> None:
        self._files = files
        self._folder = f"{root}/{log}"
        self._log = log
        self._device = device_of_log(log)
        self._part = part
        self._prev = prev
        self._data = read_segment(files, self._folder, part.name) or b""

    def mend(
        self, supply: Supply, aside: Aside, found: LogMended, *, dry: bool
    ) -> tuple[int, str | None]:
        """Write it anew if that makes it better; return the last entry's number and digest."""
        first, below = int(self._part.name), self._part.below
        served, damages, last = self._score(self._data, below)
        if not damages and self._complete(last, below):
            return last
        lines = self._together(supply)
        pieces = self._split(lines)
        after_served = len(lines)
        after_damages = self._gaps(lines)
        if (after_served, -after_damages) > (served, -damages):
            found.entries += after_served - served
            for start, each in pieces:
                found.segments.append(self._write(start, each, aside, dry=dry))
        else:
            after_served = served
        if below is not None:
            found.missing += max(0, below - first - after_served)
        elif damages:
            found.missing += max(0, lines[-1].entry.seq - first + 1 - after_served if lines else 0)
        if not lines:
            return first - 1, self._prev
        return lines[-1].entry.seq, lines[-1].entry.digest

    def _complete(self, last: tuple[int, str | None], below: int | None) -> bool:
        """Tell whether nothing more can belong here: of the newest segment nobody can know."""
        return below is not None and last[0] == below - 1

    def _score(self, data: bytes, below: int | None) -> tuple[int, int, tuple[int, str | None]]:
        """Return how many entries are served, in how many places not, and the last one."""
        first = int(self._part.name)
        start = Position(self._part.name, 0, first - 1, self._prev or _prev_in(data))
        served = damages = 0
        end = start
        for batch in scan(data, start, device=self._device, below=below):
            served += len(batch.entries)
            damages += batch.damage is not None
            end = batch.position
        return served, damages, (end.seq, end.digest)

    def _together(self, supply: Supply) -> list[Carried]:
        """Return the lines that belong here, in order, each on the one before where it can be."""
        first, below = int(self._part.name), self._part.below
        there: dict[int, list[Carried]] = {}
        for line in self._data.split(b"\n"):
            entry = _entry_in(line)
            mine = entry is not None and entry.device == self._device and entry.seq >= first
            if entry is not None and mine and (below is None or entry.seq < below):
                carried = Carried(line + b"\n", entry, opens=False)
                there.setdefault(entry.seq, []).append(carried)
        for each in supply(self._device, first, below):
            there.setdefault(each.entry.seq, []).append(each)
        lines: list[Carried] = []
        prev, seq = self._prev, first - 1
        for number in sorted(there):
            near = prev if number == seq + 1 else None
            fits = [each for each in there[number] if near is None or each.entry.prev == near]
            if near is not None and not fits:
                continue  # of another branch
            chosen = _followed(fits, there.get(number + 1, []))
            lines.append(chosen)
            prev, seq = chosen.entry.digest, number
        return lines

    def _gaps(self, lines: Sequence[Carried]) -> int:
        first, below = int(self._part.name), self._part.below
        numbers = [each.entry.seq for each in lines]
        gaps = sum(
            one + 1 != other for one, other in zip([first - 1, *numbers], numbers, strict=False)
        )
        ends = numbers[-1] if numbers else first - 1
        return gaps + (below is not None and ends != below - 1)

    def _split(self, lines: Sequence[Carried]) -> list[tuple[int, list[Carried]]]:
        """Return the lines segment by segment: others know where a lost segment began."""
        pieces: list[tuple[int, list[Carried]]] = [(int(self._part.name), [])]
        for each in lines:
            if each.opens and each.entry.seq > pieces[-1][0] and pieces[-1][1]:
                pieces.append((each.entry.seq, []))
            pieces[-1][1].append(each)
        return [piece for piece in pieces if piece[1]]

    def _write(self, start: int, lines: Sequence[Carried], aside: Aside, *, dry: bool) -> str:
        """Write one segment, the damaged one laid aside; return its file's name."""
        name = segment_name(start)
        mine = start == int(self._part.name)
        suffixes = self._part.suffixes if mine else frozenset[str]()
        seals = SEALED in suffixes or (self._part.below is not None and OPEN not in suffixes)
        suffix = SEALED if seals else OPEN
        if dry:
            return name + suffix
        for each in sorted(suffixes):
            aside(f"{self._log}/{name}{each}")
        data = b"".join([each.line for each in lines])
        self._files.write_new(f"{self._folder}/{name}{suffix}", pack(data) if seals else data)
        for each in suffixes - {suffix}:
            self._files.remove(f"{self._folder}/{name}{each}")
        return name + suffix


def _mend_rest(files: FileSystem, root: str, log: LogName, aside: Aside, found: LogMended) -> None:
    """Mend what stands beside the lines: second forms of segments, the witness, leftovers."""
    folder = f"{root}/{log}"
    for name, suffixes in segments(files.list(folder)).items():
        if suffixes == {OPEN, SEALED} and unpack(files.read(f"{folder}/{name}{SEALED}")) is None:
            aside(f"{log}/{name}{SEALED}")
            files.remove(f"{folder}/{name}{SEALED}")
            found.segments.append(f"{name}{SEALED}")
    if damaged_lines(files, folder):
        aside(f"{log}/{WITNESS}")
        files.write_new(f"{folder}/{WITNESS}", good_lines(files, folder))
        found.segments.append(WITNESS)
    if found.missing == 0:
        for name in files.list(folder):
            if ".damaged-" in name:
                aside(f"{log}/{name}")
                files.remove(f"{folder}/{name}")


def _followed(fits: Sequence[Carried], after: Sequence[Carried]) -> Carried:
    """Return the line that another one builds on; the first if none or all do."""
    built_on = {each.entry.prev for each in after}
    return next((each for each in fits if each.entry.digest in built_on), fits[0])


def _entry_in(line: bytes) -> Entry | None:
    return decode_line(line) if line else None


def _prev_in(data: bytes) -> str:
    """Return what the first line builds on, when nothing else tells."""
    entry = _entry_in(data.partition(b"\n")[0])
    return entry.prev if entry is not None else NO_PREV
