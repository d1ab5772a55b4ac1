"""The stamps of an environment's files: whether it is still what was built and checked.

Looks at sizes and times only, which takes tens of milliseconds; nothing is opened. Byte code that
Python caches beside its sources does not count, because every run writes some.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import msgspec

from afield.kernel.files import OsFileSystem

Stamp = tuple[int, int, int, int]
"""Mode, size, and when content and inode last changed, in ns: the last no program can set."""

_NAMED_MAX = 3


@dataclass(frozen=True, slots=True)
class Changes:
    """What became of files since their stamps were taken; paths relative to the folder."""

    changed: tuple[str, ...] = ()
    added: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.changed or self.added)


def read_stamps(folder: str) -> dict[str, Stamp]:
    """Return the stamp of every file and link under a folder.

    Raises:
        OSError: the folder cannot be read.
    """
    found: dict[str, Stamp] = {}
    waiting = [""]
    while waiting:
        relative = waiting.pop()
        with os.scandir(f"{folder}/{relative}") as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    if entry.name != "__pycache__":
                        waiting.append(f"{relative}{entry.name}/")
                    continue
                now = entry.stat(follow_symlinks=False)
                mode = stat.S_IFMT(now.st_mode) | (now.st_mode & 0o777)
                stamp = (mode, now.st_size, now.st_mtime_ns, now.st_ctime_ns)
                found[f"{relative}{entry.name}"] = stamp
    return found


def keep_stamps(folder: str, path: str) -> None:
    """Write the stamps of a folder's files to `path`, durably.

    Raises:
        OSError: one of them cannot be read or written.
    """
    Path(path).unlink(missing_ok=True)
    OsFileSystem().write_new(path, msgspec.json.encode(read_stamps(folder)))


def changes_since(folder: str, path: str) -> Changes | None:
    """Return what changed since the stamps at `path` were kept; None when that cannot be told."""
    try:
        before = msgspec.json.decode(Path(path).read_bytes(), type=dict[str, Stamp])
        now = read_stamps(folder)
    except (OSError, msgspec.MsgspecError):
        return None
    return _compare(before, now)


def _compare(before: Mapping[str, Stamp], now: Mapping[str, Stamp]) -> Changes:
    if before == now:
        return Changes()
    changed = tuple(sorted(name for name, stamp in before.items() if now.get(name) != stamp))
    return Changes(changed, tuple(sorted(now.keys() - before.keys())))


def named(paths: tuple[str, ...]) -> str:
    """Return the first few paths, and how many more there are."""
    more = len(paths) - _NAMED_MAX
    return ", ".join(paths[:_NAMED_MAX]) + (f" and {more} more" if more > 0 else "")
