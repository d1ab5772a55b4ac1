"""Where a repair looks for what is damaged or gone here, all behind one face: `Source`.

A remote of any kind, another copy's packs (a workspace or a bundle), what was laid aside
earlier, and working files whose bytes are those of an object.
"""

from __future__ import annotations

import contextlib
import os
import re
import tempfile
import zipfile
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from afield.datasets.walk import walk
from afield.journal.carry import Carried
from afield.kernel.digest import digest_file
from afield.kernel.errors import AfieldError, Usage
from afield.kernel.files import OsFileSystem
from afield.kernel.ids import DeviceId, ObjectId
from afield.sync.layout import FORMAT
from afield.sync.pace import Pace
from afield.sync.refetch import Refetch
from afield.sync.stores.archive import ArchiveRemote
from afield.sync.stores.store import RemoteStore
from afield.vault import Vault
from afield.vault.chunking import is_rows
from afield.vault.limits import PACK_BYTES_MAX
from afield.workspace import layout
from afield.workspace.bundle.unpack import is_bundle
from afield.workspace.quarantine import Quarantine
from afield.workspace.remotes import Remote, address, elsewhere_of, open_remote, remotes
from afield.workspace.sync import Wishes, sync
from afield.workspace.workspace import Workspace

_PACK = re.compile(r"packs/([0-9a-f]{64})\.pack")
_AT_ONCE = 10_000


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is looked for.

    Attributes:
        records: digests that no pack here has.
        wholes: sizes, by digest, of the objects that lack any of these, themselves included.
    """

    records: Collection[bytes]
    wholes: Mapping[bytes, int] = field(default_factory=dict)


class Source(Protocol):
    """Somewhere that may have a sound copy. Faults are `AfieldError` and `OSError`."""

    @property
    def name(self) -> str:
        """What people call it."""
        ...

    def pack(self, pack: str) -> bytes | None:
        """Return a pack whose bytes match its name, or None."""
        ...

    def lines(self, device: DeviceId, first: int, below: int | None) -> Iterable[Carried]:
        """Yield verified lines of a device's log."""
        ...

    def bring(self, wanted: Wanted) -> None:
        """Put what it has of the objects into the workspace's vault."""
        ...


class FromRemote:
    """A folder or bucket that the workspace is synced with, or a part of the record in a file.

    Args:
        workspace: what is repaired.
        remote: by what name and address.
        pace: of transfers.
        store: the file's; None: the one at the remote's address.
    """

    def __init__(
        self, workspace: Workspace, remote: Remote, pace: Pace, store: RemoteStore | None = None
    ) -> None:
        self.name = remote.name
        self._workspace = workspace
        self._remote = remote
        self._pace = pace
        self._store = open_remote(remote.url) if store is None else store
        self._reads_only = store is not None
        self._refetch = Refetch(self._store, pace)
        self._listed = remote.name in remotes(workspace)

    def pack(self, pack: str) -> bytes | None:
        """Return a pack that is there under this name."""
        return self._refetch.pack(pack)

    def lines(self, device: DeviceId, first: int, below: int | None) -> Iterator[Carried]:
        """Yield the lines that it has."""
        return self._refetch.lines(device, first, below)

    def bring(self, wanted: Wanted) -> None:
        """Fetch the packs in which they are, as `afield fetch` does."""
        only = [ObjectId(digest.hex()) for digest in sorted(wanted.records)]
        try:
            for start in range(0, len(only), _AT_ONCE):
                some = only[start : start + _AT_ONCE]
                wishes = Wishes(data="none", only=some, take=self._reads_only)
                sync(self._workspace, self._remote, self._pace, wishes, store=self._store)
        finally:
            if not self._listed:
                elsewhere_of(self._workspace, self._remote).forget_all()


class FromPacks:
    """The packs of another copy of the record, or of a part of it."""

    def __init__(self, workspace: Workspace, name: str, folder: str) -> None:
        self.name = name
        self._mine = workspace.record.vault
        self._theirs = Vault(folder, OsFileSystem())

    def pack(self, pack: str) -> bytes | None:
        """Return a pack that is there under this name."""
        try:
            return self._theirs.packs.read(pack)
        except (AfieldError, OSError):
            return None

    def lines(self, device: DeviceId, first: int, below: int | None) -> Iterable[Carried]:  # noqa: ARG002
        """Yield nothing: what its journal says is merged by a sync."""
        return ()

    def bring(self, wanted: Wanted) -> None:
        """Copy the records; where files are cut otherwise there, cut the whole ones again."""
        mine, theirs = (vault.mending(_nothing_aside) for vault in (self._mine, self._theirs))
        left = set(wanted.records) - mine.adopt(sorted(wanted.records), theirs)
        for digest in sorted(wanted.wholes) if left else ():
            name = ObjectId(digest.hex())
            for rows in (False, True):
                with contextlib.suppress(AfieldError, OSError):
                    self._theirs.size(name)
                    with self._theirs.open(name) as stream:
                        self._mine.put_stream(stream, rows=rows)
        self._mine.flush()


class FromQuarantine:
    """Packs that were laid aside earlier: a record in them may be sound."""

    name = "quarantine"

    def __init__(self, workspace: Workspace, quarantine: Quarantine) -> None:
        self._vault = workspace.record.vault
        self._files = workspace.record.files
        self._quarantine = quarantine

    def pack(self, pack: str) -> bytes | None:  # noqa: ARG002 - a `Source`
        """Return nothing: single records are looked for."""
        return None

    def lines(self, device: DeviceId, first: int, below: int | None) -> Iterable[Carried]:  # noqa: ARG002
        """Yield nothing: what was sound of them was left in its place."""
        return ()

    def bring(self, wanted: Wanted) -> None:
        """Take in the records that verify."""
        for path in self._quarantine.packs():
            with contextlib.suppress(OSError):
                data = self._files.read(path, 0, PACK_BYTES_MAX + 1)
                self._vault.mending(_nothing_aside).take(data, set(wanted.records))


class FromFiles:
    """Working files: one whose bytes are those of an object gives it back.

    Args:
        workspace: whose vault they are put in.
        name: what people call the place.
        folder: the folder, or one file.
    """

    def __init__(self, workspace: Workspace, name: str, folder: str) -> None:
        self.name = name
        self._vault = workspace.record.vault
        self._folder = folder

    def pack(self, pack: str) -> bytes | None:  # noqa: ARG002 - a `Source`
        """Return nothing: there are no packs."""
        return None

    def lines(self, device: DeviceId, first: int, below: int | None) -> Iterable[Carried]:  # noqa: ARG002
        """Yield nothing: there is no journal."""
        return ()

    def bring(self, wanted: Wanted) -> None:
        """Digest the files that have the size of an object, and keep those that are one."""
        sizes = set(wanted.wholes.values())
        with contextlib.suppress(OSError):
            for found in walk(self._folder, lambda _path, _why: None):
                if found.stat.st_size in sizes:
                    with contextlib.suppress(AfieldError, OSError):
                        self._take(found.full, wanted)
        self._vault.flush()

    def _take(self, path: str, wanted: Wanted) -> None:
        digest, _ = digest_file(path)
        if bytes.fromhex(digest) not in wanted.wholes:
            return
        for rows in (is_rows(path), not is_rows(path)):  # it may have been kept by another name
            with Path(path).open("rb") as stream:
                self._vault.put_stream(stream, rows=rows)


def all_sources(workspace: Workspace, quarantine: Quarantine, pace: Pace) -> Iterator[Source]:
    """Yield where is looked unless somebody says where: nearest first."""
    yield FromQuarantine(workspace, quarantine)
    yield _project(workspace)
    for remote in remotes(workspace).values():
        with contextlib.suppress(AfieldError):  # a bucket whose library is not here
            yield FromRemote(workspace, remote, pace)


@contextlib.contextmanager
def source_at(
    workspace: Workspace, quarantine: Quarantine, pace: Pace, place: str | None
) -> Iterator[list[Source]]:
    """Give the sources that `place` means; all that are known when it is None.

    Args:
        workspace: what is repaired.
        quarantine: what was laid aside from it.
        pace: of transfers.
        place: a remote's name or address, a bundle's file, a folder with a workspace, or files.

    Raises:
        Usage: nothing is there.
    """
    if place is None:
        yield list(all_sources(workspace, quarantine, pace))
        return
    known = remotes(workspace)
    there = Path(place)
    packs = Path(layout.folder_for(place), layout.PACKS)
    if place in known:
        yield [FromRemote(workspace, known[place], pace)]
    elif is_bundle(place) and _is_record(place):
        with ArchiveRemote(place) as store:
            yield [FromRemote(workspace, Remote(there.name, address(place)), pace, store)]
    elif is_bundle(place):
        with tempfile.TemporaryDirectory(prefix="afield-bundle-") as folder:
            _lay_out_packs(place, folder)
            yield [FromPacks(workspace, there.name, folder)]
    elif packs.is_dir():
        yield [FromPacks(workspace, place, packs.as_posix())]
    elif place.startswith("s3://") or (there / FORMAT).is_file():
        yield [FromRemote(workspace, Remote("from", address(place)), pace)]
    elif there.exists():
        yield [FromFiles(workspace, place, there.absolute().as_posix())]
    else:
        why = "it is no remote, bundle, workspace, folder or file"
        raise Usage("cannot repair from", place, why, hint="afield remote list")


def _nothing_aside(name: str) -> None:
    raise AssertionError(f"records are only added: {name}")


def _is_record(path: str) -> bool:
    """Tell a part of the record from a bundle of one run."""
    with contextlib.suppress(AfieldError), ArchiveRemote(path) as store:
        return any(item.name == FORMAT for item in store.list(""))
    return False


def _project(workspace: Workspace) -> Source:
    return FromFiles(workspace, "the project's files", os.fspath(workspace.path.parent))


def _lay_out_packs(path: str, folder: str) -> None:
    """Take the packs out of a bundle; what they hold is checked when it is read."""
    with contextlib.suppress(zipfile.BadZipFile), zipfile.ZipFile(path) as archive:
        for info in archive.infolist():
            found = _PACK.fullmatch(info.filename)
            if found is not None and info.file_size <= PACK_BYTES_MAX:
                Path(folder, f"{found[1]}.pack").write_bytes(archive.read(info))
