"""What of a remote one member, and all together, may have there that belongs to nothing yet.

Slices of files that are not whole, and files that no entry names. What an entry names counts for
nobody any more: it is a part of the record.
"""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable
from typing import NamedTuple

from afield.hub.config import Limits
from afield.hub.remote.pushed import Kind, Pushed, Row, Writing
from afield.kernel.clock import Clock
from afield.kernel.errors import Refused
from afield.sync.stores.sliced import slice_of
from afield.sync.stores.store import SizedStore

MIB = 1 << 20
Named = Callable[[frozenset[str]], frozenset[str]]
"""Tells which of these files are a part of the record by now."""


class OverQuota(Refused):
    """A member, or all together, pushed more that belongs to nothing than may lie there."""

    code = "hub.over_quota"
    status = 413


class DiskFull(Refused):
    """The hub's disk has no more room than has to stay free."""

    code = "hub.disk_full"
    status = 507


class Bounds:
    """Decides whether there is room for what is pushed.

    Args:
        limits: what there is room for.
        folder: the workspace's.
        clock: says when something came.
        named: finds out what belongs to the record by now; asked when somebody has no room left.
        finish: puts files together that are whole in slices; likewise.
        store: the remote's files.
    """

    def __init__(
        self,
        limits: Limits,
        folder: str,
        clock: Clock,
        *,
        named: Named,
        finish: Callable[[], None],
        store: SizedStore,
    ) -> None:
        self.limits = limits
        self.pushed = Pushed(folder)
        self._folder = folder
        self._clock = clock
        self._named = named
        self._finish = finish
        self._size = store.size
        self._looking = threading.Lock()
        self._looked_ms: dict[Kind, int] = {}

    def take(self, member: str, name: str, size_bytes: int) -> Row:
        """Note that a member pushes a file of the remote; return what `give_back` takes.

        Raises:
            OverQuota: there is no room for it.
        """
        row = Row(_file_of(name), member, size_bytes, self.now_ms())
        kind = _kind_of(name)
        try:
            self._take(row, kind)
        except OverQuota:
            if not self._look_again(kind):
                raise
            self._take(row, kind)
        return row

    def give_back(self, name: str, row: Row) -> None:
        """Take back what was noted of a file that was not written after all."""
        with self.pushed.together() as table:
            table.add(_kind_of(name), row._replace(size_bytes=-row.size_bytes))

    def now_ms(self) -> int:
        """Return the time in Unix milliseconds."""
        return self._clock.wall_ns() // 1_000_000

    def _take(self, row: Row, kind: Kind) -> None:
        with self.pushed.together() as table:
            if kind == "slices":
                self._check_unfinished(table, row)
            else:
                limits = self.limits
                most = (limits.unnamed_mib, limits.unnamed_all_mib)
                _Most(*most, "that no entry names", _NAME).check(table, kind, row)
            table.add(kind, row)

    def _check_unfinished(self, table: Writing, row: Row) -> None:
        limits = self.limits
        mine = table.sum("slices", row.member)
        if mine.files >= limits.uploads and not table.knows("slices", row.name, row.member):
            why = f"{limits.uploads} files in slices are not whole yet"
            raise OverQuota("no room for it", row.name, why, hint=_FINISH)
        most = (limits.unfinished_mib, limits.unfinished_all_mib)
        _Most(*most, "of files that are not whole", _FINISH).check(table, "slices", row)

    def check_disk(self, size_bytes: int) -> None:
        """Do nothing when there is room for a file, which lies there twice: sent, and taken in.

        Raises:
            DiskFull: there is none.
        """
        free = shutil.disk_usage(self._folder).free
        if free - 2 * size_bytes < self.limits.free_mib * MIB:
            why = f"the hub's disk is almost full: {self.limits.free_mib} MiB have to stay free"
            raise DiskFull("no room for it", why=why, hint="ask whoever runs the hub")

    def _look_again(self, kind: Kind) -> bool:
        """Look what does not count any more, unless that was done just now; tell whether it was."""
        with self._looking:
            if self.now_ms() < self._looked_ms.get(kind, 0) + _LOOK_AGAIN_MS:
                return False
            if kind == "slices":
                self._finish()
            else:
                self._forget_named()
            self._looked_ms[kind] = self.now_ms()
            return True

    def _forget_named(self) -> None:
        with self.pushed.together() as table:
            known = frozenset(row.name for row in table.rows("file"))
        there = {name for name in known if self._size(name) is not None}
        gone = (known - there) | self._named(frozenset(there))
        with self.pushed.together() as table:
            for name in gone:
                table.forget("file", name)


_LOOK_AGAIN_MS = 2_000
"""It takes a while, and whoever pushes too much asks for it with every file."""

_NAME = "afield sync --data none first: what an entry names counts no more"
_FINISH = "afield sync, to its end; what nobody goes on with is swept after some days"


class _Most(NamedTuple):
    """How much of a kind one member may have, and all together, in MiB; what it is, a way out."""

    of_member: int
    of_all: int
    what: str
    hint: str

    def check(self, table: Writing, kind: Kind, row: Row) -> None:
        """Refuse what would be more than that."""
        for most, member, who in ((self.of_member, row.member, "you"), (self.of_all, None, "all")):
            if table.sum(kind, member).size_bytes + row.size_bytes > most * MIB:
                why = f"{who} may have {most} MiB there {self.what}"
                raise OverQuota("no room for it", row.name, why, hint=self.hint)


def _kind_of(name: str) -> Kind:
    return "slices" if slice_of(name) is not None else "file"


def _file_of(name: str) -> str:
    found = slice_of(name)
    return name if found is None else found[0]
