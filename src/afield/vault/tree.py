"""A tree: a sorted list of named objects, itself an object. No files here."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple, overload

from afield.kernel.ids import ObjectId
from afield.kernel.late import late
from afield.vault.errors import Corrupt
from afield.vault.limits import TREE_ENTRIES_MAX

MAGIC = b"afield.tree/1\n"
FILE, PROGRAM, SYMLINK = 0o644, 0o755, 0o120000
MODES = (FILE, PROGRAM, SYMLINK)
_NOT_PLAIN = late(rb"\0|(?:^|/)\.{0,2}(?:/|\Z)")
"""A part that is empty, `.` or `..`."""
_LINE = late(rb"(?s)([0-7]+) ([0-9]+) ([0-9a-f]{64}) ([^\0]+)")


class TreeEntry(NamedTuple):
    """A file in a tree.

    Attributes:
        path: relative, POSIX, may contain `/`; bytes that are no UTF-8 stand as surrogates.
        mode: 0o644, 0o755, or 0o120000 for a symbolic link, whose object is the target's text.
        size_bytes: the object's size.
        object: the object's id.
    """

    path: str
    mode: int
    size_bytes: int
    object: ObjectId


def encode(entries: Iterable[TreeEntry]) -> bytes:
    """Return the bytes of a tree; see `lines`."""
    return bytes(lines(entries))


def lines(entries: Iterable[TreeEntry]) -> bytearray:
    """Return the bytes of a tree, sorted by the bytes of the paths.

    Raises:
        ValueError: a path is empty, absolute, climbs, ends in a slash or stands twice.
    """
    # Paths come first, so that lines sort by them: NUL is less than any byte of a path.
    found: list[bytes] = []
    for path, mode, size_bytes, object_id in entries:
        name = path.encode("utf-8", "surrogateescape")
        if not _is_plain(name) or mode not in MODES:
            raise ValueError(f"not an entry of a tree: {path!r}, mode {mode:o}")
        found.append(b"%s\0%o %d %s" % (name, mode, size_bytes, object_id.encode("ascii")))
    found.sort(reverse=True)
    data = bytearray(MAGIC)
    last = b""
    while found:  # of many, only one of the two is ever there in full
        name, _, rest = found.pop().partition(b"\0")
        if name == last:
            raise ValueError(f"not an entry of a tree: {name!r} stands twice")
        last = name
        data += b"%s %s\0" % (rest, name)
    return data


class Tree(Sequence[TreeEntry]):
    """The entries of a tree, sorted by path: its bytes, and entries only while they are used.

    Args:
        data: the tree's bytes.

    Raises:
        Corrupt: the bytes are no tree, or one that no writer makes.
    """

    def __init__(self, data: bytes) -> None:
        if not data.startswith(MAGIC):
            raise Corrupt("not a tree")
        self._data = data
        self._starts = array("Q")
        at = len(MAGIC)
        last = b""
        while at < len(data):
            end = data.find(b"\0", at)
            if end < 0 or len(self._starts) == TREE_ENTRIES_MAX:
                raise Corrupt("the tree is cut off or too large")
            found = _LINE().fullmatch(data, at, end)
            if found is None:
                raise Corrupt("a line of the tree is no entry")
            path = found[4]
            if path <= last or not _is_plain(path) or int(found[1], 8) not in MODES:
                raise Corrupt("a line of the tree is out of order or no plain path")
            last = path
            self._starts.append(at)
            at = end + 1

    def __len__(self) -> int:
        return len(self._starts)

    @overload
    def __getitem__(self, number: int) -> TreeEntry: ...

    @overload
    def __getitem__(self, number: slice) -> tuple[TreeEntry, ...]: ...

    def __getitem__(self, number: int | slice) -> TreeEntry | tuple[TreeEntry, ...]:
        if isinstance(number, slice):
            return tuple(self._at(start) for start in self._starts[number])
        return self._at(self._starts[number])

    def __iter__(self) -> Iterator[TreeEntry]:
        return map(self._at, self._starts)

    def _at(self, start: int) -> TreeEntry:
        line = self._data[start : self._data.index(b"\0", start)]
        mode, size_bytes, found, path = line.split(b" ", 3)
        name = path.decode("utf-8", "surrogateescape")
        return TreeEntry(name, int(mode, 8), int(size_bytes), ObjectId(found.decode()))


def decode(data: bytes) -> tuple[TreeEntry, ...]:
    """Parse a tree.

    Raises:
        Corrupt: the bytes are no tree, or one that no writer makes.
    """
    return tuple(Tree(data))


def is_tree(data: bytes) -> bool:
    """Tell by its first bytes whether an object may be a tree."""
    return data.startswith(MAGIC)


def _is_plain(path: bytes) -> bool:
    return _NOT_PLAIN().search(path) is None
