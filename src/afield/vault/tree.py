"""A tree: a sorted list of named objects, itself an object. No files here."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

from afield.kernel.ids import ObjectId
from afield.vault.errors import Corrupt
from afield.vault.limits import TREE_ENTRIES_MAX

MAGIC = b"afield.tree/1\n"
FILE, PROGRAM, SYMLINK = 0o644, 0o755, 0o120000
MODES = (FILE, PROGRAM, SYMLINK)
_NOT_PLAIN = re.compile(rb"\0|(?:^|/)\.{0,2}(?:/|\Z)")
"""A part that is empty, `.` or `..`."""
_LINE = re.compile(rb"([0-7]+) ([0-9]+) ([0-9a-f]{64}) ([^\0]+)", re.DOTALL)


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
    """Return the bytes of a tree, sorted by the bytes of the paths.

    Raises:
        ValueError: a path is empty, absolute, climbs, ends in a slash or stands twice.
    """
    # Paths come first, so that lines sort by them: NUL is less than any byte of a path.
    lines: list[bytes] = []
    for path, mode, size_bytes, found in entries:
        name = path.encode("utf-8", "surrogateescape")
        if not _is_plain(name) or mode not in MODES:
            raise ValueError(f"not an entry of a tree: {path!r}, mode {mode:o}")
        lines.append(b"%s\0%o %d %s" % (name, mode, size_bytes, found.encode("ascii")))
    lines.sort(reverse=True)
    data = bytearray(MAGIC)
    last = b""
    while lines:  # of many, only one of the two is ever there in full
        name, _, rest = lines.pop().partition(b"\0")
        if name == last:
            raise ValueError(f"not an entry of a tree: {name!r} stands twice")
        last = name
        data += b"%s %s\0" % (rest, name)
    return bytes(data)


def decode(data: bytes) -> tuple[TreeEntry, ...]:
    """Parse a tree.

    Raises:
        Corrupt: the bytes are no tree, or one that no writer makes.
    """
    if not data.startswith(MAGIC):
        raise Corrupt("not a tree")
    lines = data[len(MAGIC) :].split(b"\0")
    if lines.pop() != b"" or len(lines) > TREE_ENTRIES_MAX:
        raise Corrupt("the tree is cut off or too large")
    entries = []
    last = b""
    for line in lines:
        found = _LINE.fullmatch(line)
        if found is None:
            raise Corrupt("a line of the tree is no entry")
        mode, size_bytes, digest, path = found.groups()
        if path <= last or not _is_plain(path) or int(mode, 8) not in MODES:
            raise Corrupt("a line of the tree is out of order or no plain path")
        last = path
        name = path.decode("utf-8", "surrogateescape")
        entries.append(TreeEntry(name, int(mode, 8), int(size_bytes), ObjectId(digest.decode())))
    return tuple(entries)


def is_tree(data: bytes) -> bool:
    """Tell by its first bytes whether an object may be a tree."""
    return data.startswith(MAGIC)


def _is_plain(path: bytes) -> bool:
    return _NOT_PLAIN.search(path) is None
