"""What of a path belongs to a version: a generator over files, in bounded memory.

Links that stay inside are links; one that leads to a file elsewhere is that file, so that a
version is whole on any machine. Folders that are somebody's record (`.afield`, `.git`), the keys
in one by whatever way, and what is no file (pipes, devices, links to nothing) are left out, and
named.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from typing import NamedTuple

from afield.vault.tree import FILE, PROGRAM, SYMLINK

LEFT_ALONE = frozenset({".afield", ".git"})

_OF_ITS_OWN = "a record of its own"
_KEYS = f"{os.sep}.afield{os.sep}keys{os.sep}"
_KEY = "it is a private key of a record"


class Found(NamedTuple):
    """A file of a version.

    Attributes:
        path: in the version; parts are separated by `/`.
        full: where its bytes are.
        mode: as in trees.
        stat: of the file, or of the link for a link.
    """

    path: str
    full: str
    mode: int
    stat: os.stat_result


LeftOut = Callable[[str, str], None]
"""Is told a path and why it is not part of the version."""


def walk(path: str, left_out: LeftOut) -> Iterator[Found]:
    """Yield the files of `path`, which is one file or a folder; absolute.

    Raises:
        OSError: it cannot be read.
    """
    found = os.stat(path)
    why = _why_not(path, found)
    if why is not None:
        left_out(os.path.basename(path), why)
        return
    if stat.S_ISREG(found.st_mode):
        yield Found(os.path.basename(path), path, _mode(found), found)
        return
    waiting = [(path, "")]
    while waiting:
        folder, prefix = waiting.pop()
        base = os.path.join(folder, "")
        folders = []
        # Names alone: of a folder of very many files, an object for each would be too much.
        for name in sorted(os.listdir(folder)):
            full = base + name
            found = os.lstat(full)
            kind = stat.S_IFMT(found.st_mode)
            if kind == stat.S_IFREG:
                yield Found(prefix + name, full, _mode(found), found)
            elif kind == stat.S_IFLNK:
                yield from _link(path, prefix + name, full, found, left_out)
            elif kind != stat.S_IFDIR:
                left_out(prefix + name, "it is no regular file")
            elif name in LEFT_ALONE:
                left_out(f"{prefix}{name}/", _OF_ITS_OWN)
            else:
                folders.append((full, f"{prefix}{name}/"))
        waiting += reversed(folders)


def measure(path: str) -> tuple[int, int]:
    """Return how many files `walk` yields, and their bytes: for those who show time left."""
    files = size_bytes = 0
    for found in walk(path, lambda _path, _why: None):
        files += 1
        size_bytes += found.stat.st_size
    return files, size_bytes


def link_stays_inside(path: str, target: str) -> bool:
    """Tell whether a link at `path` of a version leads to a place inside of the version.

    Steps up stand only at the start: behind a name that is itself a link they lead anywhere.
    """
    if not target or os.path.isabs(target) or "\\" in target:
        return False
    parts = target.split("/")
    ups = next((at for at, part in enumerate(parts) if part != ".."), len(parts))
    return ups <= path.count("/") and not {"", ".", ".."} & set(parts[ups:])


def _why_not(path: str, found: os.stat_result) -> str | None:
    """Say why what was asked for is no data itself; None when it may be."""
    real = os.path.realpath(path)
    if _KEYS in os.path.join(real, ""):
        return _KEY
    if stat.S_ISDIR(found.st_mode):
        return _OF_ITS_OWN if os.path.basename(real) in LEFT_ALONE else None
    return None if stat.S_ISREG(found.st_mode) else "it is no regular file"


def _link(
    root: str, path: str, full: str, link: os.stat_result, left_out: LeftOut
) -> Iterator[Found]:
    target = os.readlink(full)
    if link_stays_inside(path, target) and os.path.exists(full):
        real = os.path.realpath(full)
        if real.startswith(os.path.realpath(root) + os.sep):
            yield Found(path, full, SYMLINK, link)
            return
    try:
        found = os.stat(full)
    except OSError:
        left_out(path, "it is a link to nothing")
        return
    real = os.path.realpath(full)
    if _KEYS in real:
        left_out(path, _KEY)
    elif stat.S_ISREG(found.st_mode):
        yield Found(path, real, _mode(found), found)
    else:
        left_out(path, _why_no_folder(os.path.realpath(root), real))


def _why_no_folder(root: str, target: str) -> str:
    """Say why a link to a folder is not part of the version."""
    if os.path.join(root, "").startswith(os.path.join(target, "")):
        return "it is a link to a folder that it stands in"
    if target.startswith(os.path.join(root, "")):
        return "it is a link to a folder inside, by a path that holds only here; make it relative"
    return "it is a link to a folder outside; add that one as a dataset of its own"


def _mode(found: os.stat_result) -> int:
    return PROGRAM if found.st_mode & 0o100 else FILE
