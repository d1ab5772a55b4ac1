"""A disk in memory that loses power, tears writes and returns errors where a test says so.

`SimulatedDisk` is a `FileSystem`. It keeps what processes see apart from what the platter
holds, and counts every operation that changes the disk, so that a test can stop at each of
them in turn and go on with `after_crash()`. The model is as strict as POSIX: data is safe
after a sync of the file, a name after a sync of its folder, and nothing else is promised.
"""

from __future__ import annotations

import errno
import os
import posixpath
import random
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache

from afield.kernel.errors import Busy
from afield.kernel.files import LOCK_WAIT_S, FileStat

SECTOR_BYTES = 512
"""The unit that a drive writes whole; holes after a crash are made of these."""


class PowerLoss(BaseException):
    """The machine stops here; no `BaseException` handler of the product may save it."""


@dataclass(slots=True, eq=False)
class Node:
    """A file: what processes see, what is on the platter, and what is between the two.

    `pending` holds (offset, bytes) for a write and (size, None) for a cut, in order.
    """

    number: int
    seen: bytearray = field(default_factory=bytearray)
    durable: bytearray = field(default_factory=bytearray)
    pending: list[tuple[int, bytes | None]] = field(default_factory=list)
    changed_at: int = 0


Step = list[tuple[str, Node | None]]
"""Names set or (None) taken away in a folder, as one."""


@dataclass(slots=True)
class Folder:
    """A folder: the names that processes see, those on the platter, and the steps between."""

    seen: dict[str, Node] = field(default_factory=dict)
    durable: dict[str, Node] = field(default_factory=dict)
    pending: list[Step] = field(default_factory=list)


class SimulatedDisk:
    """A `FileSystem` in memory with the semantics of a loss of power.

    Args:
        seed: decides what of the unsynced survives a crash, and where a write tears.
        stop_at: the operation (from 1) at which power is lost; it may take effect in part.
        fail_at: operation -> errno (`errno.EIO`, `errno.ENOSPC`); it may take effect in part.
        ignores: guards to take away, so that tests can prove that they would notice:
            `sync` and `sync folder` then return at once and do nothing.
        holes: whether unsynced sectors may reach the platter out of order, so that zeros stand
            where a write should be, with later writes behind them.
    """

    def __init__(
        self,
        seed: int = 0,
        *,
        stop_at: int | None = None,
        fail_at: Mapping[int, int] | None = None,
        ignores: frozenset[str] = frozenset(),
        holes: bool = False,
    ) -> None:
        self.stop_at = stop_at
        self.fail_at = dict(fail_at or {})
        self.ignores = ignores
        self.holes = holes
        self.operations: list[tuple[str, str]] = []
        self.dead = False
        self._random = random.Random(seed)  # noqa: S311 - repeatable is the point
        self._folders: dict[str, Folder] = {"/": Folder()}
        self._numbers = 0
        self._locks: dict[str, threading.Lock] = {}
        self.guard = threading.RLock()

    # -- FileSystem -----------------------------------------------------------------------

    def open_append(self, path: str) -> SimulatedAppendFile:
        """Open for appending, made empty when missing."""
        with self.guard:
            node = self._node(path)
            if node is None:
                node = self._create(path)
            return SimulatedAppendFile(self, path, node)

    def read(self, path: str, offset: int = 0, size_bytes: int = -1) -> bytes:
        """Read `size_bytes` (-1: to the end) from `offset`; short at the end of the file."""
        with self.guard:
            self.check_power()
            node = self._node(path)
            if node is None:
                raise _missing(path)
            end = None if size_bytes < 0 else offset + size_bytes
            return bytes(node.seen[offset:end])

    def write_new(self, path: str, data: bytes) -> None:
        """Write a whole file under `path` so that after a crash it is whole or absent."""
        temporary = f"{path}.tmp-{threading.get_ident()}-{len(self.operations)}"
        try:
            with self.guard:
                node = self._create(temporary)
            file = SimulatedAppendFile(self, temporary, node, named=True)
            file.write(data)
            file.sync()
            self.rename(temporary, path)
        except OSError:
            self.remove(temporary)
            raise

    def stat(self, path: str) -> FileStat | None:
        """Return the stat, or None when nothing is there."""
        with self.guard:
            self.check_power()
            path = _norm(path)
            if path in self._folders:
                return FileStat(0, 0, 0, 0)
            node = self._node(path)
            if node is None:
                return None
            return FileStat(len(node.seen), node.changed_at, node.changed_at, node.number)

    def list(self, path: str) -> list[str]:
        """Return the names in a folder, sorted; empty when the folder is missing."""
        with self.guard:
            self.check_power()
            path = _norm(path)
            folder = self._folders.get(path)
            if folder is None:
                return []
            start = len(path.rstrip("/")) + 1
            inside = f"{path[: start - 1]}/"
            below = {
                name[start:]
                for name in self._folders
                if len(name) > start and name.startswith(inside) and "/" not in name[start:]
            }
            return sorted(below | set(folder.seen))

    def make_folder(self, path: str) -> None:
        """Make a folder and its parents; durable at once, as one operation each."""
        with self.guard:
            path = _norm(path)
            if path in self._folders:
                return
            self.make_folder(posixpath.dirname(path))
            self.step("make folder", path, lambda _: self._folders.setdefault(path, Folder()))

    def rename(self, source: str, target: str) -> None:
        """Rename over `target` and sync the folder of `target`."""
        with self.guard:
            node = self._node(source)
            if node is None:
                raise _missing(source)
            self.step("rename", target, lambda _: self._relink(source, target, node))
            self.sync_folder(posixpath.dirname(target))

    def sync_folder(self, path: str) -> None:
        """Return once the names in a folder survive a loss of power."""
        self.check_power()
        folder = self._folders.get(_norm(path))
        if folder is None:
            raise _missing(path)

        def settle(_: float) -> None:
            for step in folder.pending:
                _apply(folder.durable, step)
            folder.pending.clear()

        with self.guard:
            self.step("sync folder", path, settle)

    def remove(self, path: str) -> None:
        """Remove a file; nothing happens when it is missing."""
        with self.guard:
            if self._node(path) is not None:
                self.step("remove", path, lambda _: self._change(path, [(path, None)]))

    @contextmanager
    def lock(self, path: str, wait_s: float = LOCK_WAIT_S) -> Iterator[None]:
        """Hold an advisory lock between the threads that share this disk."""
        with self.guard:
            self.check_power()
            if self._node(path) is None:
                self._change(path, [(path, self._new_node())])
            lock = self._locks.setdefault(path, threading.Lock())
        if not lock.acquire(timeout=wait_s):
            raise Busy("cannot lock", path, f"still held after {wait_s:g} s")
        try:
            yield
        finally:
            lock.release()

    # -- what tests do to a disk ----------------------------------------------------------

    def after_crash(self, *, stop_at: int | None = None) -> SimulatedDisk:
        """Return the disk as the next boot finds it: all that was synced, some of the rest."""
        found = SimulatedDisk(
            self._random.getrandbits(32), stop_at=stop_at, ignores=self.ignores, holes=self.holes
        )
        survivors: dict[int, Node] = {}
        for path, folder in self._folders.items():
            names = dict(folder.durable)
            for step in folder.pending[: self._random.randint(0, len(folder.pending))]:
                _apply(names, step)
            found._folders[path] = Folder()
            for name, node in names.items():
                kept = survivors.get(id(node))
                if kept is None:
                    data = self._survived(node)
                    kept = Node(node.number, data, bytearray(data), [], node.changed_at)
                    survivors[id(node)] = kept
                found._folders[path].seen[name] = kept
                found._folders[path].durable[name] = kept
        found._numbers = self._numbers
        return found

    def overwrite(self, path: str, data: bytes) -> None:
        """Put `data` into a file as a broken drive would: durable, uncounted, unasked."""
        node = self._node(path)
        if node is None:
            raise _missing(path)
        node.seen[:] = data
        node.durable[:] = data
        node.pending.clear()

    def files(self) -> dict[str, bytes]:
        """Return every file that processes see, by path."""
        return {
            posixpath.join(path, name): bytes(node.seen)
            for path, folder in self._folders.items()
            for name, node in folder.seen.items()
        }

    # -- the machine ----------------------------------------------------------------------

    def step(self, name: str, path: str, act: Callable[[float], object]) -> None:
        """Count one operation and do it, in full, in part or not, as the plan says.

        `act` gets how much of it takes effect (0 to 1); only a write can be done in part.
        """
        self.check_power()
        self.operations.append((name, path))
        now = len(self.operations)
        fails = now in self.fail_at
        if fails or now == self.stop_at:
            if name == "write":
                act(self._random.random())
            elif self._random.random() < 0.5 and not (fails and name != "sync"):  # noqa: PLR2004
                act(1.0)
            if fails:
                raise OSError(self.fail_at[now], os.strerror(self.fail_at[now]), path)
            self.dead = True
            raise PowerLoss(f"power lost at operation {now}: {name} {path}")
        if name not in self.ignores:
            act(1.0)

    def check_power(self) -> None:
        """Stop whoever goes on after the power was lost."""
        if self.dead:
            raise PowerLoss("the machine is off")

    def _new_node(self) -> Node:
        self._numbers += 1
        return Node(self._numbers)

    def _create(self, path: str) -> Node:
        node = self._new_node()
        if posixpath.dirname(_norm(path)) not in self._folders:
            raise _missing(path)
        self.step("create", path, lambda _: self._change(path, [(path, node)]))
        return node

    def _node(self, path: str) -> Node | None:
        self.check_power()
        where, name = _split(path)
        folder = self._folders.get(where)
        return None if folder is None else folder.seen.get(name)

    def _change(self, path: str, changes: Step) -> None:
        folder = self._folders[posixpath.dirname(_norm(path))]
        step = [(posixpath.basename(name), node) for name, node in changes]
        _apply(folder.seen, step)
        folder.pending.append(step)

    def _relink(self, source: str, target: str, node: Node) -> None:
        if posixpath.dirname(source) == posixpath.dirname(target):
            self._change(target, [(source, None), (target, node)])
        else:
            self._change(target, [(target, node)])
            self._change(source, [(source, None)])

    def _survived(self, node: Node) -> bytearray:
        """Choose what of a file's unsynced changes is on the platter after a crash."""
        data = bytearray(node.durable)
        if not node.pending:
            return data
        fate = self._random.random()
        whole = self._random.randint(0, len(node.pending)) if fate < 0.6 else len(node.pending)  # noqa: PLR2004
        for offset, written in node.pending[:whole]:
            _write(data, offset, written)
        if whole < len(node.pending):
            offset, written = node.pending[whole]
            if written:
                _write(data, offset, written[: self._random.randint(0, len(written))])
        if self.holes and self._random.random() < 0.5:  # noqa: PLR2004
            self._punch(data, len(node.durable))
        return data

    def _punch(self, data: bytearray, safe_bytes: int) -> None:
        """Zero one run of sectors that was never synced."""
        first = -(-safe_bytes // SECTOR_BYTES)
        last = len(data) // SECTOR_BYTES
        if first < last:
            start = self._random.randrange(first, last) * SECTOR_BYTES
            end = min(start + SECTOR_BYTES * self._random.randint(1, 4), len(data))
            data[start:end] = bytes(end - start)


class SimulatedAppendFile:
    """A file of a `SimulatedDisk`, open for appending."""

    __slots__ = ("_disk", "_named", "_node", "_path")

    def __init__(self, disk: SimulatedDisk, path: str, node: Node, *, named: bool = False) -> None:
        self._disk = disk
        self._path = path
        self._node = node
        self._named = named

    def size(self) -> int:
        """Return the file's size now, in bytes."""
        self._disk.check_power()
        return len(self._node.seen)

    def write(self, data: bytes) -> None:
        """Append `data`; stopped in the middle, some prefix of it is in the file."""
        node = self._node

        def act(share: float) -> None:
            part = bytes(data) if share == 1.0 else bytes(data[: int(len(data) * share)])
            node.pending.append((len(node.seen), part))
            node.seen += part
            node.changed_at = len(self._disk.operations)

        with self._disk.guard:
            self._disk.step("write", self._path, act)

    def truncate(self, size_bytes: int) -> None:
        """Cut the file to `size_bytes`."""
        node = self._node

        def act(_: float) -> None:
            node.pending.append((size_bytes, None))
            _write(node.seen, size_bytes, None)
            node.changed_at = len(self._disk.operations)

        with self._disk.guard:
            self._disk.step("truncate", self._path, act)

    def sync(self) -> None:
        """Make the data durable and, the first time on this handle, the file's name.

        When it fails, what was pending is lost for good, as on Linux: a later sync that
        succeeds does not bring it back.
        """
        with self._disk.guard:
            try:
                self._disk.step("sync", self._path, self._settle)
            except OSError:
                self._node.pending.clear()
                raise
            if not self._named:
                self._disk.sync_folder(posixpath.dirname(self._path))
                self._named = True

    def close(self) -> None:
        """Close; does not sync."""

    def _settle(self, _: float) -> None:
        node = self._node
        for offset, written in node.pending:
            _write(node.durable, offset, written)
        node.pending.clear()


def _write(data: bytearray, offset: int, written: bytes | None) -> None:
    if written is None:
        del data[offset:]
    if len(data) < offset:
        data.extend(bytes(offset - len(data)))
    if written:
        data[offset : offset + len(written)] = written


def _apply(names: dict[str, Node], step: Step) -> None:
    for name, node in step:
        if node is None:
            names.pop(name, None)
        else:
            names[name] = node


@lru_cache(maxsize=4096)
def _norm(path: str) -> str:
    return posixpath.normpath(path)


@lru_cache(maxsize=4096)
def _split(path: str) -> tuple[str, str]:
    return posixpath.split(posixpath.normpath(path))


def _missing(path: str) -> OSError:
    return FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), path)
