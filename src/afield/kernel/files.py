"""The file system as the durable formats need it, and the real one.

Journal, vault and series go through `FileSystem`, so that a test can put a disk
under them that fails, tears or loses power at any write, fsync or rename. Paths are
absolute `str`. Errors are `OSError`, as from the operating system.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

import msgspec

from afield.kernel.errors import Busy

LOCK_WAIT_S = 30.0
_ROOM_BYTES = 1 << 20


class FileStat(msgspec.Struct, frozen=True):
    """What decides whether a file is the one that was seen before."""

    size_bytes: int
    mtime_ns: int
    ctime_ns: int
    inode: int


class AppendFile(Protocol):
    """A file open for appending by one writer at a time (under `FileSystem.lock`)."""

    def size(self) -> int:
        """Return the file's size now, in bytes."""
        ...

    def write(self, data: bytes) -> None:
        """Append all of `data`; on an error some prefix of it may be in the file."""
        ...

    def truncate(self, size_bytes: int) -> None:
        """Cut the file to `size_bytes`."""
        ...

    def sync(self) -> None:
        """Return once what was written survives a loss of power (fdatasync or stronger).

        So does the file's name: the first sync of a handle syncs the folder, too.
        """
        ...

    def close(self) -> None:
        """Close; does not sync."""
        ...


class FileSystem(Protocol):
    """The operations that the durable formats are built from."""

    def open_append(self, path: str) -> AppendFile:
        """Open for appending, made empty when missing."""
        ...

    def read(self, path: str, offset: int = 0, size_bytes: int = -1) -> bytes:
        """Read `size_bytes` (-1: to the end) from `offset`; short at the end of the file."""
        ...

    def write_new(self, path: str, data: bytes) -> None:
        """Write a whole file under `path` so that after a crash it is whole or absent.

        Temporary file in the same folder, fsync, rename over `path`, fsync of the folder.
        """
        ...

    def stat(self, path: str) -> FileStat | None:
        """Return the stat, or None when nothing is there."""
        ...

    def list(self, path: str) -> list[str]:
        """Return the names in a folder, sorted; empty when the folder is missing."""
        ...

    def make_folder(self, path: str) -> None:
        """Make a folder and its parents, durably; nothing happens when it is there."""
        ...

    def rename(self, source: str, target: str) -> None:
        """Rename over `target` and fsync the folder of `target`."""
        ...

    def sync_folder(self, path: str) -> None:
        """Return once the names in a folder, whoever made them, survive a loss of power."""
        ...

    def remove(self, path: str) -> None:
        """Remove a file; nothing happens when it is missing."""
        ...

    def lock(
        self, path: str, wait_s: float = LOCK_WAIT_S
    ) -> contextlib.AbstractContextManager[None]:
        """Hold an advisory lock between processes and threads.

        Raises:
            Busy: not had within `wait_s` seconds.
        """
        ...


class OsAppendFile:
    """An append-only file descriptor; `named` tells that the name needs no sync of its own."""

    __slots__ = ("_fd", "_named", "_path")

    def __init__(self, path: str, *, named: bool = False) -> None:
        self._path = path
        self._named = named
        flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | getattr(os, "O_BINARY", 0)
        self._fd = os.open(path, flags | getattr(os, "O_CLOEXEC", 0), 0o644)

    def size(self) -> int:
        """Return the file's size now, in bytes."""
        return os.fstat(self._fd).st_size

    def write(self, data: bytes) -> None:
        """Append all of `data`."""
        done = os.write(self._fd, data)
        while done < len(data):
            done += os.write(self._fd, data[done:])

    def truncate(self, size_bytes: int) -> None:
        """Cut the file to `size_bytes`."""
        os.ftruncate(self._fd, size_bytes)

    def sync(self) -> None:
        """Return once what was written, and the file's name, survives a loss of power."""
        _sync(self._fd)
        if not self._named:
            _sync_folder(os.path.dirname(self._path))
            self._named = True

    def close(self) -> None:
        """Close; does not sync."""
        os.close(self._fd)


def _open_at_once(path: str, flags: int) -> int:
    """Open for reading; a pipe that somebody laid there is empty, and not waited for."""
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


class OsFileSystem:
    """The operating system's own files."""

    def open_append(self, path: str) -> OsAppendFile:
        """Open for appending, made empty when missing."""
        return OsAppendFile(path)

    def read(self, path: str, offset: int = 0, size_bytes: int = -1) -> bytes:
        """Read `size_bytes` (-1: to the end) from `offset`; short at the end of the file."""
        with open(path, "rb", buffering=0, opener=_open_at_once) as stream:
            if offset:
                stream.seek(offset)
            if size_bytes < 0:
                return stream.read()
            if size_bytes > _ROOM_BYTES:  # a bound may be far more than is there: no room for it
                size_bytes = min(size_bytes, max(0, os.fstat(stream.fileno()).st_size - offset))
            parts = []
            while size_bytes > 0 and (part := stream.read(size_bytes)):
                parts.append(part)
                size_bytes -= len(part)
            return parts[0] if len(parts) == 1 else b"".join(parts)

    def write_new(self, path: str, data: bytes) -> None:
        """Write a whole file so that after a crash it is whole or absent."""
        temporary = f"{path}.tmp-{os.getpid()}-{time.monotonic_ns()}"
        try:
            file = OsAppendFile(temporary, named=True)
            try:
                file.write(data)
                file.sync()
            finally:
                file.close()
            self.rename(temporary, path)
        except OSError:
            with contextlib.suppress(OSError):
                os.unlink(temporary)
            raise

    def stat(self, path: str) -> FileStat | None:
        """Return the stat, or None when nothing is there."""
        try:
            found = os.stat(path)
        except (FileNotFoundError, NotADirectoryError):
            return None
        return FileStat(found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino)

    def list(self, path: str) -> list[str]:
        """Return the names in a folder, sorted; empty when the folder is missing."""
        try:
            return sorted(os.listdir(path))
        except FileNotFoundError:
            return []

    def make_folder(self, path: str) -> None:
        """Make a folder and its parents, durably; nothing happens when it is there."""
        if os.path.isdir(path):
            return
        parent = os.path.dirname(path)
        if parent != path:
            self.make_folder(parent)
        with contextlib.suppress(FileExistsError):
            os.mkdir(path)
        _sync_folder(parent)

    def rename(self, source: str, target: str) -> None:
        """Rename over `target` and fsync the folder of `target`."""
        os.replace(source, target)
        _sync_folder(os.path.dirname(target))

    def sync_folder(self, path: str) -> None:
        """Return once the names in a folder survive a loss of power."""
        _sync_folder(path)

    def remove(self, path: str) -> None:
        """Remove a file; nothing happens when it is missing."""
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path)

    @contextmanager
    def lock(self, path: str, wait_s: float = LOCK_WAIT_S) -> Iterator[None]:
        """Hold an advisory lock between processes and threads.

        Each call opens the file anew, so that two threads of one process exclude each other.
        """
        fd = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o644)
        try:
            give_up = time.monotonic() + wait_s
            pause_s = 0.0002
            while not _try_lock(fd):
                if time.monotonic() > give_up:
                    raise Busy("cannot lock", path, f"still held after {wait_s:g} s")
                time.sleep(pause_s)
                pause_s = min(pause_s * 2, 0.02)
            yield
        finally:
            os.close(fd)  # closing lets go of the lock on every system


# filelock and portalocker would do, but cost 20 to 67 ms of import, more than all of
# `import afield` may take; what is needed of them is these few lines.
if os.name == "nt":  # pragma: no cover - exercised on Windows only
    import msvcrt

    def _try_lock(fd: int) -> bool:
        try:
            msvcrt.locking(fd, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined,unused-ignore]
        except OSError:
            return False
        return True
else:
    import fcntl

    def _try_lock(fd: int) -> bool:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


def _sync(fd: int) -> None:
    getattr(os, "fdatasync", os.fsync)(fd)


def _sync_folder(path: str) -> None:
    if os.name == "nt":  # folders cannot be opened there; NTFS journals the rename
        return
    fd = os.open(path, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
