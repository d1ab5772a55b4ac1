"""Folders of which a run read very many files: told as one, by a digest over all that they hold.

Few files in all are digested by content; of more all names count, and the sizes and times of as
many as there is time for. `replay` looks at the same folders by the same functions.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable

import msgspec
from blake3 import blake3

from afield.kernel.digest import digest_file
from afield.kernel.ids import ObjectId
from afield.runs.capture.files_seen import Sieve
from afield.runs.capture.layers import Sighted
from afield.runs.capture.limits import (
    FOLDER_FILES_DIGESTED_MAX,
    FOLDER_FILES_LOOKED_MAX,
    FOLDERS_RECORDED_MAX,
)
from afield.runs.capture.source import Snapshot
from afield.runs.capture.trace import Trace
from afield.runs.manifest import FileRecord, FolderLook
from afield.vault import StatCache

Read = Callable[[str, os.stat_result], ObjectId]
"""Gives the digest of a file whose stat was just taken."""


class Sum(msgspec.Struct):
    """What a folder comes to: a digest, the bytes that were looked at, when these last changed."""

    digest: ObjectId
    size_bytes: int
    ctime_ns: int


def list_files(folder: str, leave_out: Collection[str] = ()) -> list[str]:
    """Return the names in a folder, but those of folders, in order.

    Raises:
        OSError: the folder cannot be listed.
    """
    with os.scandir(folder) as entries:
        names = [entry.name for entry in entries if not entry.is_dir(follow_symlinks=False)]
    if leave_out:
        names = [name for name in names if name not in leave_out]
    names.sort()
    return names


def sum_up(folder: str, names: list[str], looked: int, read: Read | None = None) -> Sum:
    """Return one digest over all names, and `looked` of the files, evenly spread.

    Args:
        folder: ends with a slash.
        names: as `list_files` gave them.
        looked: how many files are looked at.
        read: digests what a file holds; None: its size and mtime count.
    """
    count = len(names)
    size_bytes = ctime_ns = 0
    lines: list[str] = []
    for number in range(min(looked, count)):
        path = folder + names[number * count // looked]
        try:
            found = os.stat(path)
            size_bytes += found.st_size
            ctime_ns = max(ctime_ns, found.st_ctime_ns)
            lines.append(read(path, found) if read else f"{found.st_size} {found.st_mtime_ns}")
        except OSError:
            lines.append("-")
    return Sum(sum_of(names, lines, "content" if read else "stat"), size_bytes, ctime_ns)


def sum_of(names: Iterable[str], lines: Iterable[str], by: str = "content") -> ObjectId:
    """Return the digest of a folder, of the names in it and what each file that counts comes to."""
    hasher = blake3("\0".join(names).encode("utf-8", "surrogateescape"))
    hasher.update("\0\0{}\n{}".format(by, "\n".join(lines)).encode())
    return ObjectId(hasher.hexdigest())


def digest_of(path: str, _: os.stat_result) -> ObjectId:
    """Return the digest of a file, which must be one: pipes and devices are never opened.

    Raises:
        OSError: it cannot be read, or is no regular file.
    """
    if not os.path.isfile(path):
        raise OSError(f"not a regular file: {path}")
    return digest_file(path)[0]


class _Folder(msgspec.Struct):
    """A folder whose files are told as one; `path` ends with a slash."""

    path: str
    where: str | None
    seen_by: str
    written: set[str] = set()
    names: list[str] = []
    in_code: int = 0
    changed: bool = False
    note: str | None = None

    @property
    def is_anything(self) -> bool:
        """Whether the run can have read anything of it that was there before."""
        return bool(self.names or self.in_code or self.note)


class FolderScan:
    """Looks at such folders once, after the run.

    A file whose inode has not changed since the run began (`mark_ns`) is what the run read.
    """

    def __init__(self, *, cache: StatCache, snapshot: Snapshot, sieve: Sieve, mark_ns: int) -> None:
        self._cache = cache
        self._snapshot = snapshot
        self._sieve = sieve
        self._mark_ns = mark_ns
        self._others_write = False

    def records(self, sighted: Sighted) -> list[FileRecord]:
        """Return one record for each folder; none for those that hold no data."""
        trace = sighted.trace
        folders = self._folders(sighted)
        if not folders:
            return []
        self._others_write = bool(trace.commands)
        self._learn_written(trace, folders)
        for one in folders.values():
            self._list(one)
        total = sum(len(one.names) for one in folders.values())
        return [self._record(one, total) for one in folders.values() if one.is_anything]

    def _folders(self, sighted: Sighted) -> dict[str, _Folder]:
        found: dict[str, _Folder] = {}
        for event in sighted.trace.crowds:
            path = event.path.rstrip("/") + "/"
            if path not in found and self._sieve.is_data(path):
                found[path] = _Folder(
                    path, self._sieve.shown_line(sighted.where(event)), sighted.seen_by(event)
                )
                if len(found) >= FOLDERS_RECORDED_MAX:
                    break
        return found

    def _learn_written(self, trace: Trace, folders: dict[str, _Folder]) -> None:
        """Tell what the run made in these folders from what it changed or took away."""
        made = {event.path for event in trace.opens if event.new}
        made |= {event.target for event in trace.renames if event.new}
        made |= {event.target for event in trace.links}
        for event in trace.writes():
            folder, name = _split(event.path)
            if (one := folders.get(folder)) is not None:
                one.written.add(name)
                one.changed |= event.path not in made
        gone = [event.path for event in trace.removals] + [event.path for event in trace.renames]
        for path in gone:
            if path in made:
                continue
            folder, _ = _split(path)
            if folder in folders:
                folders[folder].changed = True
            for below in folders.values():
                below.changed |= below.path.startswith(path + "/")

    def _list(self, one: _Folder) -> None:
        """Learn the names that the run did not write itself; inside the project, beside the code.

        Where names came or went that the trace does not tell of, each file is looked at: inside
        the project other programs of the run made what is new, outside nobody knows who did.
        """
        start = self._sieve.relative(one.path)
        try:
            names = list_files(one.path, {n for n in one.written if self._is_new(one.path + n)})
        except OSError:  # if nobody took it away, it was never there
            one.note = "gone before it could be looked at" if one.changed else None
            return
        if self._is_new(one.path) and (self._others_write or not one.written):
            old = [name for name in names if not self._is_new(one.path + name)]
            one.changed |= start is None and len(old) != len(names)
            names = old
        one.names = names
        if start is not None:
            seen = self._snapshot.seen
            one.names = [name for name in names if start + name not in seen]
            one.in_code = len(names) - len(one.names)

    def _is_new(self, path: str) -> bool:
        try:
            return os.stat(path).st_ctime_ns >= self._mark_ns
        except OSError:
            return False

    def _record(self, one: _Folder, total: int) -> FileRecord:
        shown = self._sieve.shown(one.path) or "./"
        count = len(one.names)
        if not count:
            by = "stat" if one.note else "code"
            look = FolderLook(files=one.in_code, looked=one.in_code, by=by)
            return FileRecord(
                path=shown,
                digest=None,
                size_bytes=0,
                seen_by=one.seen_by,
                kept=not one.note,
                where=one.where,
                changed=one.changed,
                note=one.note or f"{one.in_code:,} files, all of them in the code",
                folder=look,
            )
        exact = total <= FOLDER_FILES_DIGESTED_MAX
        looked = count if exact else _share(count, total)
        found = sum_up(one.path, one.names, looked, self._read if exact else None)
        look = FolderLook(files=count, looked=looked, by="content" if exact else "stat")
        return FileRecord(
            path=shown,
            digest=found.digest,
            size_bytes=found.size_bytes,
            seen_by=one.seen_by,
            where=one.where,
            changed=one.changed or found.ctime_ns >= self._mark_ns,
            note=in_words(look),
            folder=look,
        )

    def _read(self, path: str, found: os.stat_result) -> ObjectId:
        known = self._cache.lookup(path, found)
        if known is None:
            known = digest_of(path, found)
            self._cache.remember(path, found, known)
        return known


def in_words(look: FolderLook) -> str:
    """Say how a folder was looked at."""
    files = f"{look.files:,} files"
    if look.by == "content":
        return f"{files}, in one digest"
    if look.looked == look.files:
        return f"{files}, by name, size and time, not by content"
    return f"{files}, by name, {look.looked:,} of them by size and time, none by content"


def _share(count: int, total: int) -> int:
    """Return how many files of a folder are looked at when all have `total` files."""
    if total <= FOLDER_FILES_LOOKED_MAX:
        return count
    return max(1, count * FOLDER_FILES_LOOKED_MAX // total)


def _split(path: str) -> tuple[str, str]:
    folder, slash, name = path.rpartition("/")
    return folder + slash, name
