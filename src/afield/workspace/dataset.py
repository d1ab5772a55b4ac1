"""`afield.dataset`: a version as Python code reads it: files, Arrow, pandas.

A version is looked up once; what it holds cannot change afterwards. Heavy libraries are imported
by the methods that need them.
"""

from __future__ import annotations

import contextlib
import os
import posixpath
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Protocol

from afield.datasets.cache import CheckoutCache
from afield.datasets.errors import FileNotInVersion, LibraryMissing, NotATable
from afield.datasets.read import read_tables
from afield.datasets.tables import format_of
from afield.kernel.clock import COUNTER_BITS
from afield.kernel.errors import NotFound
from afield.kernel.ids import DeviceId, MemberId, ObjectId
from afield.vault import ObjectMissing, TreeEntry
from afield.vault.tree import SYMLINK
from afield.workspace import layout
from afield.workspace.datasets import CHECKED_OUT, find
from afield.workspace.session import JOIN_RUN, current_run
from afield.workspace.session import open as open_workspace

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

    from afield.datasets.query import Version
    from afield.runs.record import Record
    from afield.workspace.ranged import Ranged
    from afield.workspace.workspace import Workspace

WHOLE = "."
"""What is told of a version that was handed out as a folder."""

LINKS_MAX = 40
"""Links that are followed on the way to one file."""


def dataset(name: str, *, workspace: str | os.PathLike[str] | None = None) -> Dataset:
    """Return a version of a dataset, to read from it.

    Args:
        name: `customers`, `customers@3`, `customers@latest`, or `customers@` and the beginning
            of the version's digest.
        workspace: the folder that holds `.afield`; without it, the one that `afield.open` takes.

    Raises:
        NameBad: the name means nothing.
        NotFound: there is no such dataset or version.
        NoWorkspace: there is none at `workspace`.
    """
    found = as_recorded(name)
    with open_workspace(workspace if found is None else None) as opened:
        return Dataset(opened.record, found or find(opened, name), name)


def take_whole(workspace: Workspace, words: str) -> Version:
    """Return the version that words mean to this process; all its files are taken out of it.

    In a run that is repeated that is what they meant when it was recorded; a run that is recorded
    has it on its record.

    Raises:
        NameBad: the words mean nothing.
        NotFound: there is no such dataset or version.
    """
    recorded = as_recorded(words)
    if recorded is None:
        found = find(workspace, words)
    else:
        try:
            found = find(workspace, f"{recorded.name}@{recorded.tree}")
        except NotFound:  # the run came in a bundle, which has its bytes and not its history
            found = _bare(workspace, recorded)
    Dataset(workspace.record, found, words).tell(WHOLE)
    return found


def _bare(workspace: Workspace, recorded: Named) -> Version:
    """Return a version of which no more is known than what a run has on its record."""
    from afield.datasets.query import Version

    files = workspace.record.vault.get_tree(ObjectId(recorded.tree))
    return Version(
        name=recorded.name,
        number=recorded.number,
        tree=ObjectId(recorded.tree),
        profile=None,
        message=None,
        files=len(files),
        size_bytes=sum(each.size_bytes for each in files),
        at=recorded.added_ms << COUNTER_BITS,
        device=DeviceId(""),
        seq=0,
        member=MemberId(""),
        source_kind=None,
        source_key=None,
        source=None,
        dropped=False,
    )


def as_recorded(words: str) -> Named | None:
    """Return what words meant in the run that this process repeats; None when it repeats none."""
    run, folder = os.environ.get(JOIN_RUN), os.environ.get(layout.VARIABLE)
    if not run or not folder:
        return None
    from afield.runs.pins import pinned

    return pinned(os.path.join(layout.folder_for(folder), layout.LIVE, run), words)


class Named(Protocol):
    """What names a version: a row of the tables, or what the record of a run says."""

    @property
    def name(self) -> str:
        """The dataset's."""
        ...

    @property
    def number(self) -> int:
        """The version's."""
        ...

    @property
    def tree(self) -> str:
        """The digest that names it for good."""
        ...

    @property
    def label(self) -> str:
        """`customers@3`."""
        ...

    @property
    def added_ms(self) -> int:
        """When it was added, in Unix milliseconds."""
        ...


class Dataset:
    """One version of a dataset.

    Attributes:
        name: of the dataset.
        version: its number.
        tree: the digest that names it for good.
        label: `customers@3`.
        added: when it was added, in UTC.
    """

    def __init__(self, record: Record, version: Named, words: str) -> None:
        self._record = record
        self._added_ms = version.added_ms
        self._words = words
        self.name = version.name
        self.version = version.number
        self.tree = ObjectId(version.tree)
        self.label = version.label
        self.added = datetime.fromtimestamp(version.added_ms / 1000, UTC)
        self.tell()

    @cached_property
    def _entries(self) -> dict[str, TreeEntry]:
        with self._said(self.label):
            found = self._record.vault.get_tree(self.tree)
        return {entry.path: entry for entry in found}

    @cached_property
    def _ranged(self) -> Ranged:
        from afield.workspace.ranged import Ranged

        return Ranged(self._record, self.name, self.label)

    @property
    def files(self) -> list[str]:
        """The names of its files, sorted; parts are separated by `/`."""
        return list(self._entries)

    def path(self, file: str | None = None) -> Path:
        """Return the folder of the version, or one file of it, on disk; read only.

        It is checked out into the workspace's cache once, and verified each time. To have files
        of your own, use `afield data get`.

        Raises:
            FileNotInVersion: it holds no such file.
            BytesElsewhere: its bytes were left at a remote.
            Damaged: its bytes are damaged or missing.
        """
        entries = list(self._entries.values()) if file is None else [self._entry(file)]
        folder = os.path.join(self._record.workspace, layout.CACHE, CHECKED_OUT)
        cache = CheckoutCache(folder, self._record.vault, self._record.files)
        with self._said(self.label if file is None else f"{self.label}/{file}"):
            found = Path(cache.folder(self.tree, entries, _silent))
        if file is None:
            self.tell(WHOLE)
            return found
        self.tell(file, entries[0])
        return found / file

    def open(self, file: str) -> BinaryIO:
        """Open one file for reading and seeking; only the pieces that are read are fetched.

        Pieces that are at a remote only are read from there, and not kept.

        Raises:
            FileNotInVersion: it holds no such file.
            BytesElsewhere: bytes of it are not to be had now; reads may raise it, too.
        """
        entry = self.resolved(file)
        stream = self._opened(entry)
        self.tell(entry.path, entry)
        return stream

    def to_arrow(
        self, file: str | None = None, *, columns: Sequence[str] | None = None
    ) -> pa.Table:
        """Return its tables, or the one in `file`, as one Arrow table, in the order of names.

        Args:
            file: one of its files; without it, all that are tables.
            columns: those that are wanted; all if not given.

        Raises:
            FileNotInVersion: it holds no such file.
            NotATable: a file is no table, or none of them is.
            ColumnNotFound: a table has no such column.
        """
        names = [file] if file is not None else [name for name in self.files if format_of(name)]
        if not names:
            hint = f"afield data show {self.label}"
            raise NotATable("no tables", self.label, "no file of it is a table", hint=hint)
        opened = {name: self.resolved(name) for name in names}
        files = {name: partial(self._opened, entry) for name, entry in opened.items()}
        found = read_tables(files, columns)
        for entry in opened.values():
            self.tell(entry.path, entry)
        return found

    def to_pandas(
        self, file: str | None = None, *, columns: Sequence[str] | None = None
    ) -> pd.DataFrame:
        """Return what `to_arrow` does, as a pandas data frame."""
        try:
            import pandas  # noqa: F401, ICN001 - whether it is there
        except ImportError as error:
            hint = "pip install pandas"
            raise LibraryMissing(
                "cannot make a data frame", "pandas", "it is not installed", hint=hint
            ) from error
        found: Any = self.to_arrow(file, columns=columns).to_pandas()
        return found

    def resolved(self, file: str) -> TreeEntry:
        """Return a file, or the one that a link leads to."""
        return self._entry(self.followed(file))

    def followed(self, path: str) -> str:
        """Return where a path leads, links on the way followed: to a file, a folder or nothing."""
        parts = path.split("/")
        for _ in range(LINKS_MAX):
            ways = ("/".join(parts[:at]) for at in range(1, len(parts) + 1))
            link = next((way for way in ways if self._is_link(way)), None)
            if link is None:
                break
            target = os.fsdecode(self._record.vault.get(self._entries[link].object))
            folder = link.rpartition("/")[0]
            there = posixpath.normpath(f"/{folder}/{target}").strip("/")
            parts = [*filter(None, there.split("/")), *parts[link.count("/") + 1 :]]
        return "/".join(parts)

    def tell(self, path: str = "", entry: TreeEntry | None = None) -> None:
        """Let whoever records this process know; see `docs/format/trace.md`.

        Args:
            path: the file that was taken; `WHOLE`: all of them; empty: none yet.
            entry: the file, as the version lists it.
        """
        found = (entry.object, entry.size_bytes) if entry is not None else (self.tree, 0)
        told = (self._record.workspace, self.name, self.version, self.tree, self._added_ms)
        sys.audit("afield.version", self._words, *map(str, (*told, path, *found)))
        run = current_run()
        if run is not None and run.record is not None and not run.forked:
            from afield.runs.taken import Taken

            run.taken[Taken(self._words, *told, path, *found)] = None

    def _opened(self, entry: TreeEntry) -> BinaryIO:
        reaching = self._ranged.of(f"{self.label}/{entry.path}")
        return self._record.vault.open(entry.object, reaching)

    @contextlib.contextmanager
    def _said(self, what: str) -> Iterator[None]:
        """Say of bytes that are not here where they are, and how to bring them."""
        try:
            yield
        except ObjectMissing as error:
            missing = self._ranged.missing(bytes.fromhex(str(error.value)), what)
            raise missing from None

    def _is_link(self, path: str) -> bool:
        entry = self._entries.get(path)
        return entry is not None and entry.mode == SYMLINK

    def __reduce__(self) -> tuple[Any, ...]:
        """Travel to another process as what names it; no keys or open files go along."""
        from afield.runs.manifest import DatasetRead

        named = DatasetRead(
            name=self.name, number=self.version, tree=self.tree, added_ms=self._added_ms
        )
        return _again, (self._record.workspace, named, self._words)

    def __contains__(self, file: str) -> bool:
        """Tell whether it holds a file, or a link, of this name."""
        return file in self._entries

    def __repr__(self) -> str:
        return f"<afield dataset {self.label} {self.tree[:12]}>"

    def _entry(self, file: str) -> TreeEntry:
        found = self._entries.get(file)
        if found is None:
            from difflib import get_close_matches

            near = get_close_matches(file, self.files, n=1)
            why = f"did you mean `{near[0]}`?" if near else f"{self.label} has no such file"
            hint = f"afield data show {self.label} --all"
            raise FileNotInVersion("no such file", file, why, hint=hint)
        return found


def _again(workspace: str, version: Named, words: str) -> Dataset:
    with open_workspace(workspace) as opened:
        return Dataset(opened.record, version, words)


def _silent(files: int, size_bytes: int) -> None:
    """Tell nobody: the code that reads is not the one who waits."""
