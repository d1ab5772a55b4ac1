"""Putting the files of a version into a folder, each verified, none ever seen half.

A folder that is not there yet is filled beside its place (`staging`). What is there already with
the right bytes stays, so that a checkout that was cut short carries on. Nothing is written through
a link or outside of the folder, whoever made the tree.
"""

from __future__ import annotations

import contextlib
import os
import re
import stat
from array import array
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from afield.datasets.errors import FolderDiffers, TreeUnsafe
from afield.datasets.limits import HELD_ENTRIES, TOLD_BYTES, TOLD_FILES
from afield.datasets.staging import Taken, beside, is_alive
from afield.datasets.walk import link_stays_inside
from afield.kernel.digest import digest, digest_file
from afield.vault import StatCache, TreeEntry, Vault
from afield.vault.tree import PROGRAM, SYMLINK

if TYPE_CHECKING:
    from afield.datasets.add import Progress

Write = Callable[[TreeEntry, str], None]
_NAMED_MAX = 3
_HALF = re.compile(r"(.+)\.tmp-([0-9]+)-[0-9]+")


@dataclass(slots=True)
class Written:
    """What a checkout did: files written, and files that were there already."""

    written: int = 0
    present: int = 0
    size_bytes: int = 0


def checkout(
    entries: Sequence[TreeEntry],
    folder: str,
    vault: Vault,
    *,
    cache: StatCache,
    progress: Progress,
    force: bool = False,
    write: Write | None = None,
) -> Written:
    """Write the files of a tree into `folder`, which is absolute and made when missing.

    Args:
        entries: the tree's files.
        folder: other files in it stay.
        vault: where the bytes are.
        cache: spares digesting files that are there; not saved here.
        progress: is told of each file.
        force: write over files that hold other bytes.
        write: puts the bytes of one file at a path, whole or not at all, instead of a copy
            out of the vault.

    Raises:
        TreeUnsafe: the tree would write outside of the folder.
        FolderDiffers: files there hold other bytes, and `force` is not given. Nothing was
            written.
        Damaged: bytes in the vault are damaged or missing; the file is not written.
        OSError: a file cannot be written.
    """
    if len(entries) <= HELD_ENTRIES:
        entries = tuple(entries)  # looked at several times; of very many, one at a time is held
    folders = require_safe(entries)
    if os.path.lexists(folder) and not os.path.isdir(folder):
        why = "a folder is needed there, and it is none"
        raise FolderDiffers("cannot write into", folder, why, hint="--to DIR takes another folder")
    done = Written()
    if write is None and not os.path.lexists(folder):
        paths = lambda: {entry.path for entry in entries}  # noqa: E731 - seldom asked for
        with contextlib.suppress(Taken), beside(folder, paths) as stage:
            todo = _missing(entries, stage, cache, done, progress)
            tell = _Told(done, progress)
            _put_files(entries, todo, stage, vault=vault, tell=tell, write=None, hidden=True)
            return done
        done = Written()
    os.makedirs(folder, exist_ok=True)
    _sweep_halves(folder, entries, folders)
    todo = _missing(entries, folder, cache, done, progress)
    if not force:
        _require_free(folder, (entries[number].path for number in todo))
    _put_files(entries, todo, folder, vault=vault, tell=_Told(done, progress), write=write)
    return done


def _put_files(
    entries: Sequence[TreeEntry],
    todo: Sequence[int],
    folder: str,
    *,
    vault: Vault,
    tell: _Told,
    write: Write | None,
    hidden: bool = False,
) -> None:
    """Write the files with these numbers, in the order in which the packs hold them.

    In a hidden folder, which nobody sees yet, they stand under their names from the start.
    """
    made: set[str] = {""}
    copies = vault.copies()
    links: list[TreeEntry] = []
    for number, place in copies.in_order(entries[number].object for number in todo):
        entry = entries[todo[number]]
        if entry.mode == SYMLINK:  # the last ones, for nothing is written through them
            links.append(entry)
            continue
        _make_parents(folder, entry.path, made)
        path = f"{folder}/{entry.path}"
        if write is not None:
            write(entry, path)
        else:
            copies.write(entry.object, path, place, tell.within, hidden=hidden)
            if entry.mode == PROGRAM:
                os.chmod(path, 0o755)  # noqa: S103 - a program, as the tree says
        tell.count(entry.size_bytes)
    for entry in links:
        _make_parents(folder, entry.path, made)
        _write_link(entry, f"{folder}/{entry.path}", vault)
        tell.count(entry.size_bytes)
    tell.now()


class _Told:
    """Counts the files that were written; tells of several small ones together."""

    def __init__(self, done: Written, progress: Progress) -> None:
        self._done = done
        self._progress = progress
        self._files = 0
        self._bytes = 0
        self._within_bytes = 0

    def within(self, size_bytes: int) -> None:
        """Tell how far a large file is."""
        self._within_bytes += size_bytes
        self._bytes += size_bytes
        if self._bytes >= TOLD_BYTES:
            self.now()

    def count(self, size_bytes: int) -> None:
        self._done.written += 1
        self._done.size_bytes += size_bytes
        self._files += 1
        self._bytes += size_bytes - self._within_bytes
        self._within_bytes = 0
        if self._files == TOLD_FILES or self._bytes >= TOLD_BYTES:
            self.now()

    def now(self) -> None:
        self._progress(self._files, self._bytes)
        self._files = self._bytes = 0


def _require_free(folder: str, paths: Iterable[str]) -> None:
    """Refuse to write where files are that hold other bytes."""
    with os.scandir(folder) as found:
        if next(found, None) is None:
            return
    in_the_way = [path for path in paths if os.path.lexists(f"{folder}/{path}")]
    if in_the_way:
        shown = ", ".join(in_the_way[:_NAMED_MAX])
        more = f" and {len(in_the_way) - _NAMED_MAX} more" if len(in_the_way) > _NAMED_MAX else ""
        why = f"{shown}{more} {'holds' if len(in_the_way) == 1 else 'hold'} other bytes"
        hint = "--force writes over them; --to DIR takes another folder"
        raise FolderDiffers("cannot write into", folder, why, hint=hint, files=in_the_way[:1000])


def require_safe(entries: Sequence[TreeEntry]) -> set[str]:
    """Refuse a tree in which a file stands where another needs a folder, or a link leads out.

    Returns:
        the folders that hold its files, the topmost as an empty text.

    Raises:
        TreeUnsafe: so it is.
    """
    parents: set[str] = set()
    for entry in entries:
        parent = entry.path.rpartition("/")[0]
        while parent not in parents:
            parents.add(parent)
            parent = parent.rpartition("/")[0]
        if os.name == "nt" and re.search(r'[\\:<>"|?*]', entry.path):
            raise TreeUnsafe("cannot check out", entry.path, "Windows has no such names")
    clash = next((entry.path for entry in entries if entry.path in parents), None)
    if clash is not None:
        raise TreeUnsafe("cannot check out", clash, "the tree has it as a file and as a folder")
    return parents


def _sweep_halves(folder: str, entries: Sequence[TreeEntry], folders: set[str]) -> None:
    """Remove what a checkout that was killed left half-written in `folder`."""
    halves: dict[str, list[str]] = {}
    for sub in folders:
        with contextlib.suppress(OSError):
            for name in os.listdir(f"{folder}/{sub}"):
                half = _HALF.fullmatch(name)
                if half and not is_alive(int(half[2])):
                    whole = f"{sub}/{half[1]}".lstrip("/")
                    halves.setdefault(whole, []).append(f"{folder}/{sub}/{name}")
    if halves:
        for entry in entries:
            for half_path in halves.get(entry.path, ()):
                with contextlib.suppress(OSError):
                    os.unlink(half_path)


def _missing(
    entries: Sequence[TreeEntry], folder: str, cache: StatCache, done: Written, progress: Progress
) -> Sequence[int]:
    """Return the numbers of the files that are not there with the right bytes."""
    with os.scandir(folder) as found:
        if next(found, None) is None:
            return range(len(entries))
    todo = array("Q")
    for number, entry in enumerate(entries):
        if _is_there(entry, f"{folder}/{entry.path}", cache):
            if entry.mode == PROGRAM:
                _let_run(f"{folder}/{entry.path}")
            done.present += 1
            progress(1, entry.size_bytes)
        else:
            todo.append(number)
    return todo


def _is_there(entry: TreeEntry, path: str, cache: StatCache) -> bool:
    try:
        found = os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return False
    if entry.mode == SYMLINK:
        is_link = stat.S_ISLNK(found.st_mode)
        return is_link and digest(os.fsencode(os.readlink(path))) == entry.object
    if not stat.S_ISREG(found.st_mode) or found.st_size != entry.size_bytes:
        return False
    known = cache.lookup(path, found)
    if known is None:
        known, _ = digest_file(path)
        cache.remember(path, found, known)
    return known == entry.object


def _let_run(path: str) -> None:
    """Make a file a program, which a checkout that was cut off may not have come to."""
    if not os.stat(path).st_mode & stat.S_IXUSR:
        os.chmod(path, 0o755)  # noqa: S103 - a program, as the tree says


def _make_parents(folder: str, path: str, made: set[str]) -> None:
    """Make the folders above a file; one that is a link is refused."""
    parent = path.rpartition("/")[0]
    if parent in made:
        return
    _make_parents(folder, parent, made)
    full = f"{folder}/{parent}"
    try:
        os.mkdir(full)
    except FileExistsError:
        if not stat.S_ISDIR(os.lstat(full).st_mode):
            why = "a folder is needed there, and it is none"
            raise FolderDiffers("cannot write into", full, why, hint="--to DIR") from None
    made.add(parent)


def _write_link(entry: TreeEntry, path: str, vault: Vault) -> None:
    target = os.fsdecode(vault.get(entry.object))
    if not link_stays_inside(entry.path, target):
        raise TreeUnsafe("cannot check out", entry.path, "the link leads out of the version")
    temporary = f"{path}.tmp-{os.getpid()}-0"
    with contextlib.suppress(FileNotFoundError):
        os.unlink(temporary)
    os.symlink(target, temporary)
    os.replace(temporary, path)
