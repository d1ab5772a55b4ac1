"""Old caches and files that were written by half: found, and removed for good.

Nothing here is part of the record: caches come back when they are wanted, and a file under a
temporary name was never whole. Only what nobody has touched for a day at least is taken.
"""

from __future__ import annotations

import contextlib
import shutil
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from afield.kernel.errors import Busy
from afield.runs.record import Record
from afield.workspace import layout

DAY_NS = 24 * 3600 * 1_000_000_000
_KEPT = ("host-",)
"""Small, and named by entries."""

_NESTED = frozenset({"environments", "datasets", "trees", "pool", "series", "installed"})
"""Folders of the cache that hold many things, each of its own age."""


@dataclass(frozen=True, slots=True)
class Old:
    """A file or folder that goes, and its size."""

    path: str
    size_bytes: int


@dataclass(slots=True)
class Litter:
    """What is found."""

    caches: list[Old] = field(default_factory=list)
    temporaries: list[Old] = field(default_factory=list)

    @property
    def cache_bytes(self) -> int:
        """The size of all caches that go."""
        return sum(one.size_bytes for one in self.caches)

    @property
    def temporary_bytes(self) -> int:
        """The size of all half-written files."""
        return sum(one.size_bytes for one in self.temporaries)


def litter(record: Record, grace_ms: int) -> Litter:
    """Return caches that nobody has used for the grace, and half-written files.

    Args:
        record: the workspace.
        grace_ms: at least a day counts, whatever is given.
    """
    now_ns = record.clock.wall_ns()
    found = Litter()
    for path in _things(Path(record.workspace) / layout.CACHE):
        if now_ns - _last_used_ns(path) > max(grace_ms * 1_000_000, DAY_NS):
            found.caches.append(Old(path.as_posix(), _size(path)))
    for path in _half_written(record):
        with contextlib.suppress(FileNotFoundError):
            here = path.lstat()
            if now_ns - here.st_mtime_ns > DAY_NS:
                found.temporaries.append(Old(path.as_posix(), here.st_size))
    return found


def tidy(record: Record, found: Litter) -> Litter:
    """Remove what was found and still is old; return what went."""
    done = Litter()
    now_ns = record.clock.wall_ns()
    for one in found.temporaries:
        with contextlib.suppress(OSError):
            Path(one.path).unlink()
            done.temporaries.append(one)
    for one in found.caches:
        if now_ns - _last_used_ns(Path(one.path)) > DAY_NS and _remove(record, one.path):
            done.caches.append(one)
    return done


def _remove(record: Record, path: str) -> bool:
    """Remove a cache, unless somebody is making or checking it just now."""
    here = Path(path)
    locks = [here.parent / f"{here.name}.lock", here.parent.parent / f"{here.name}.lock"]
    try:
        with contextlib.ExitStack() as held:
            for lock in locks:
                if lock.exists():
                    held.enter_context(record.files.lock(lock.as_posix(), 0))
            if here.is_dir() and not here.is_symlink():
                shutil.rmtree(here)
            else:
                here.unlink()
    except (OSError, Busy):
        return False
    return True


def _things(folder: Path) -> Iterator[Path]:
    """Yield what a cache holds: each file, environment and checked-out version."""
    for path in _inside(folder):
        if path.name in _NESTED and path.is_dir():
            yield from _things(path)
        elif not path.name.startswith(_KEPT) and path.suffix != ".lock":
            yield path


def _half_written(record: Record) -> Iterator[Path]:
    """Yield the files that stand under a temporary name."""
    top = Path(record.workspace)
    folders = [top, top / layout.PACKS, top / layout.CACHE]
    for parent in (layout.JOURNAL, layout.ELSEWHERE):
        folders += _inside(top / parent)
    for folder in folders:
        yield from (path for path in _inside(folder) if ".tmp-" in path.name and path.is_file())


def _inside(path: Path) -> list[Path]:
    """Return what stands directly in a folder; nothing when it is none."""
    try:
        return sorted(path.iterdir())
    except OSError:
        return []


def _last_used_ns(path: Path) -> int:
    """Return when something was last read or written, as far as the file system tells.

    Of a folder also what stands directly in it: a program that uses an environment reads there.
    """
    newest = 0
    for one in (path, *_inside(path)):
        with contextlib.suppress(OSError):
            found = one.lstat()
            newest = max(newest, found.st_mtime_ns, found.st_atime_ns)
    return newest


def _size(path: Path) -> int:
    """Return the bytes that come free with a file or folder."""
    total = 0
    for one in (path, *path.rglob("*")):
        with contextlib.suppress(OSError):
            found = one.lstat()
            if stat.S_ISREG(found.st_mode) and found.st_nlink == 1:
                total += found.st_size
    return total
