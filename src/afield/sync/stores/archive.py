"""A remote in one file, for a stick or mail: a ZIP archive whose members are a remote's files.

`ArchiveRemote` reads one, `ArchiveWriter` makes one. Members are stored, not compressed: packs
and chunks are compressed already, and what is stored cannot swell when it is read.
"""

from __future__ import annotations

import contextlib
import os
import struct
import zipfile
from collections.abc import Collection, Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

from afield.sync.errors import RemoteDamaged, RemoteUnreachable
from afield.sync.layout import FORMAT, Piece
from afield.sync.limits import LISTED_MAX
from afield.sync.stores.store import Abilities, Item

_EPOCH = (1980, 1, 1, 0, 0, 0)
_LOCAL = struct.Struct("<26xHH")
"""Of a member's own header: how long its name and its extra field are."""


class ArchiveRemote:
    """A `RemoteStore` in a file; it can only be read. Close it, or use it as a context manager.

    Checksums of the archive are not looked at: every byte is checked against its name's digest.

    Args:
        path: the file.

    Raises:
        RemoteUnreachable: it is not there or cannot be read.
        RemoteDamaged: it is no such archive, or cut off.
    """

    def __init__(self, path: str) -> None:
        self.address = path
        with self._reached():
            self._file = Path(path).open("rb")  # noqa: SIM115 - closed by `close`
        try:
            with zipfile.ZipFile(self._file) as archive:
                found = archive.infolist()
        except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
            self._file.close()
            why = "it is no bundle, or only a part of one; copy it again"
            raise RemoteDamaged("cannot read", path, why) from error
        if len(found) > LISTED_MAX:
            raise RemoteDamaged("cannot read", path, "it holds too many files")
        self._members = {
            one.filename: one
            for one in found
            if one.compress_type == zipfile.ZIP_STORED and one.compress_size == one.file_size
        }

    def list(self, prefix: str) -> Iterator[Item]:
        """Yield the files directly in a folder."""
        for name, member in self._members.items():
            if name.startswith(prefix) and "/" not in name[len(prefix) :]:
                yield Item(name, member.file_size)

    def get(self, name: str, offset: int = 0, size_bytes: int = -1) -> bytes:
        """Read a part (-1: to the end); short at the end."""
        member = self._members.get(name)
        if member is None:
            raise FileNotFoundError(name)
        left = max(member.file_size - offset, 0)
        with self._reached():
            self._file.seek(member.header_offset)
            head = self._file.read(_LOCAL.size)
            if len(head) < _LOCAL.size:
                return b""
            name_bytes, extra_bytes = _LOCAL.unpack(head)
            self._file.seek(member.header_offset + _LOCAL.size + name_bytes + extra_bytes + offset)
            return self._file.read(left if size_bytes < 0 else min(left, size_bytes))

    def put(self, name: str, data: bytes) -> None:  # noqa: ARG002 - a `RemoteStore`
        """Refuse: what is in the file stays as it was made."""
        raise RemoteUnreachable("cannot write into", self.address, "a bundle is only read")

    def put_if_absent(self, name: str, data: bytes) -> bool:
        """Refuse, as `put`."""
        if name in self._members:
            return False
        self.put(name, data)
        return True

    def delete(self, name: str) -> None:
        """Refuse, as `put`."""
        self.put(name, b"")

    def probe(self) -> Abilities:
        """Return at once."""
        return Abilities(exclusive=True)

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @contextlib.contextmanager
    def _reached(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            why = (error.strerror or str(error)).lower()
            raise RemoteUnreachable("cannot read", self.address, why) from error


class ArchiveWriter:
    """A `RemoteStore` that becomes a file: what is put is in it once `finish` was called.

    It claims to hold what the reader has already, so that this is not put again.

    Args:
        path: the file; replaced, if it is there, by `finish`.
        before: chunks that the reader is known to have, whole logs up to an entry.
    """

    def __init__(self, path: str, before: Collection[Piece] = ()) -> None:
        self.address = path
        self._before = {piece.name for piece in before}
        self._small: dict[str, bytes] = {}
        self._sizes: dict[str, int] = {}
        self._temporary = Path(f"{path}.tmp-{os.getpid()}")
        self._archive = zipfile.ZipFile(self._temporary, "w", zipfile.ZIP_STORED)

    def list(self, prefix: str) -> Iterator[Item]:
        """Yield what the reader has and what was put, of a folder."""
        for name in sorted(self._before | self._sizes.keys()):
            if name.startswith(prefix) and "/" not in name[len(prefix) :]:
                yield Item(name, self._sizes.get(name, 0))

    def get(self, name: str, offset: int = 0, size_bytes: int = -1) -> bytes:
        """Read a part of what is replaced or looked at again: `format` and heads."""
        if name not in self._small:
            raise FileNotFoundError(name)
        return self._small[name][offset : None if size_bytes < 0 else offset + size_bytes]

    def put(self, name: str, data: bytes) -> None:
        """Take a file in."""
        if name == FORMAT:
            self._small[name] = bytes(data)
        self._sizes[name] = len(data)
        self._archive.writestr(zipfile.ZipInfo(name, _EPOCH), data)

    def put_if_absent(self, name: str, data: bytes) -> bool:
        """Take a file in unless it is there."""
        if name in self._sizes:
            return False
        self.put(name, data)
        return True

    def delete(self, name: str) -> None:
        """Do nothing: what was put is in the file."""

    def probe(self) -> Abilities:
        """Return at once."""
        return Abilities(exclusive=True)

    def finish(self) -> int:
        """Put the file in its place, durably; return its size in bytes."""
        self._archive.close()
        with self._temporary.open("rb") as file:
            os.fsync(file.fileno())
        size_bytes = self._temporary.stat().st_size
        self._temporary.replace(self.address)
        return size_bytes

    def abandon(self) -> None:
        """Leave nothing behind; harmless after `finish`."""
        self._archive.close()
        self._temporary.unlink(missing_ok=True)
