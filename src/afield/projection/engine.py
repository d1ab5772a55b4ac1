"""The fold engine: brings the tables of all rooms up to date from the journal.

It knows no room: tables, folds and the gate are handed in. The tables are a pure function of
the *set* of entries; order, repetition and batching of their delivery leave no trace. They are
a cache: a damaged, foreign or outdated file is deleted and folded again.
"""

from __future__ import annotations

import contextlib
import gc
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Protocol, TypeVar

from afield.journal.entry import Entry
from afield.journal.errors import PositionLost
from afield.journal.places import START, Batch, LogName, Position
from afield.kernel.errors import Busy
from afield.kernel.findings import Finding
from afield.projection import bookkeeping
from afield.projection.database import Database, PostgresAt
from afield.projection.errors import (
    ProjectionDamaged,
    ProjectionDoubtful,
    ProjectionSuperseded,
    ProjectionUnwritable,
)
from afield.projection.fold import Folder
from afield.projection.limits import BULK_ENTRIES, CHUNK_ENTRIES, CHUNK_REGISTERS
from afield.projection.place import place_for
from afield.projection.schema import Room, fingerprint
from afield.projection.statements import select_all

_INDEXED = "indexed"
_TRIES = 3
_T = TypeVar("_T")


class Source(Protocol):
    """What the engine needs of a journal."""

    def read(self, since: Mapping[LogName, Position] = ...) -> Iterator[Batch]:
        """Return verified batches after the positions, each device's in order."""
        ...

    def changed_since(self, positions: Mapping[LogName, Position]) -> bool:
        """Tell by stat alone whether `read` might return something."""
        ...


class _Ahead:
    """Batches of a journal from its start, the first of them read already.

    Attributes:
        is_long: whether there are so many entries that a new file is worth making.
    """

    def __init__(self, batches: Iterator[Batch], enough: int) -> None:
        self._read: list[Batch] = []
        self._rest = batches
        entries = 0
        while entries < enough and (batch := next(batches, None)) is not None:
            self._read.append(batch)
            entries += len(batch.entries)
        self.is_long = entries >= enough

    def __iter__(self) -> Iterator[Batch]:
        """Yield all of them, once."""
        read, self._read = self._read, []
        yield from read
        yield from self._rest


class Projection:
    """The SQL tables of a workspace: in a file, in `:memory:` or in PostgreSQL.

    Several processes may use one path at once, several threads one object.

    Args:
        path: the file, or `:memory:`, or where in PostgreSQL.
        rooms: what tables there are, and how entries become their rows.
        chunk_entries: entries folded in one transaction.
        bulk_entries: a journal this long is folded into a new file when nothing of it is.
    """

    def __init__(
        self,
        path: str | PostgresAt,
        rooms: Sequence[Room],
        *,
        chunk_entries: int = CHUNK_ENTRIES,
        bulk_entries: int = BULK_ENTRIES,
    ) -> None:
        self._tables = [table for room in rooms for table in room.tables]
        self._rooms = tuple(rooms)
        self._chunk_entries = chunk_entries
        self._bulk_entries = bulk_entries
        self._lock = threading.RLock()
        self._source: Source | None = None
        self._place = place_for(path, fingerprint(rooms), self._tables)
        self._positions: dict[LogName, Position] | None = None

    def refresh(self, journal: Source) -> int:
        """Fold what is new in the journal; return the number of entries folded.

        Costs a few stats when nothing is new. Idempotent; chunks of entries are folded in
        transactions of their own, each with the positions it reached.

        Raises:
            Busy: another process kept the database for longer than the bound.
            ProjectionSuperseded: another process has adopted other rules.
        """
        with self._lock:
            self._source = journal
            return self._mending(lambda: self._refresh(journal))

    def adopt(self, rooms: Sequence[Room], keeps: Callable[[Mapping[str, int]], bool]) -> bool:
        """Go on with rooms that differ in what their gate says alone, and keep the tables.

        Args:
            rooms: the same rooms, with another gate.
            keeps: tells, by the latest stamp of each author, whether all that was judged by now
                would be judged alike.

        Returns:
            Whether it was done; else the tables have to be folded anew.
        """
        with self._lock:
            return self._mending(lambda: self._adopt(rooms, keeps))

    def _adopt(self, rooms: Sequence[Room], keeps: Callable[[Mapping[str, int]], bool]) -> bool:
        if not self._place.current():
            return False
        database, after = self._place.database, fingerprint(rooms)
        with database.writing():
            now = bookkeeping.read_meta(database, bookkeeping.FINGERPRINT)
            if now != after:  # else another process was first
                if now != self._place.fingerprint or not keeps(bookkeeping.read_authors(database)):
                    return False
                bookkeeping.write_meta(database, bookkeeping.FINGERPRINT, after)
        self._place.fingerprint = after
        self._rooms = tuple(rooms)
        return True

    def apply(self, entries: Iterable[Entry]) -> int:
        """Fold entries from anywhere, in any order; positions stay as they are."""
        with self._lock:
            if not self._place.current():
                self._reopen()
            database = self._place.database
            folder = Folder(self._rooms, self._tables)
            with database.writing():
                folded = folder.fold(database, list(entries))
                folder.write(database)
                self._index(database)
            return folded

    def query(self, sql: str, args: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Run a SELECT; return its rows."""
        with self._lock:
            return self._mending(lambda: self._database().query(sql, args), refold=True)

    def read(
        self, sql: str, args: Sequence[Any], decode: Callable[[list[tuple[Any, ...]]], _T]
    ) -> _T:
        """Run a SELECT; return what `decode` makes of its rows.

        Rows that it cannot make anything of are damage: the tables are folded anew.
        """

        def work() -> _T:
            rows = self._database().query(sql, args)
            try:
                return decode(rows)
            except (ValueError, TypeError, LookupError, ArithmeticError) as error:
                raise ProjectionDoubtful("cannot read projection", sql, str(error)) from error

        with self._lock:
            return self._mending(work, refold=True)

    def like_sql(self, expression: str, pattern: str, *, fold: bool) -> tuple[str, tuple[str, ...]]:
        """Return this database's condition for LIKE (`fold`: ILIKE)."""
        return self._place.database.like_sql(expression, pattern, fold=fold)

    def rlike_sql(self, expression: str, pattern: str) -> tuple[str, tuple[str, ...]]:
        """Return this database's condition for a regular expression; a bad one is refused."""
        return self._place.database.rlike_sql(expression, pattern)

    def prefix_sql(self, expression: str) -> str | None:
        """Return what an index of this database has of a long text; None: the whole of it."""
        return self._place.database.prefix_sql(expression)

    @property
    def ordered_join(self) -> str:
        """The word for a join in the order as written."""
        return self._place.database.ordered_join

    @property
    def probes(self) -> bool:
        """Whether a row's pairs are looked up for it, rather than all that fit gathered first."""
        return self._place.database.probes

    def narrow_rows(self, table: str) -> int:
        """Return how many rows are looked up one by one sooner than an index is walked for them."""
        with self._lock:
            return self._mending(lambda: self._database().narrow_rows(table), refold=True)

    def positions(self) -> dict[LogName, Position]:
        """Return how far each log was folded; looks at no journal."""
        with self._lock:
            return self._mending(lambda: bookkeeping.read_positions(self._database()))

    def rebuild(self, journal: Source) -> int:
        """Throw the tables away and fold the whole journal; return the entries folded."""
        with self._lock:
            self._place.discard()
            self._positions = None
            return self.refresh(journal)

    def set_aside(self) -> list[bookkeeping.SetAside]:
        """Return entries that were not applied: not allowed, not understood, or waiting."""
        with self._lock:
            return self._mending(lambda: bookkeeping.read_set_aside(self._database()), refold=True)

    def damage(self) -> list[Finding]:
        """Return what was damaged in the journal when it was last folded."""
        with self._lock:
            return self._mending(lambda: bookkeeping.read_damage(self._database()), refold=True)

    def dump(self) -> bytes:
        """Return the content of all tables in a canonical form.

        Byte-equal for equal sets of entries, whatever the order, repetition or batching.
        """
        with self._lock:
            return self._mending(self._dump, refold=True)

    def _dump(self) -> bytes:
        lines: list[str] = []
        database = self._database()
        for table in sorted(self._tables, key=lambda table: table.name):
            lines.append(f"table {table.name}")
            lines += map(repr, database.query(select_all(table)))
        lines.append("quarantine")
        sql = "SELECT device, seq, digest, why, kind, about FROM quarantine ORDER BY 1, 2, 3"
        lines += map(repr, database.query(sql))
        return "\n".join(lines).encode()

    def close(self) -> None:
        """Close the connection; the object is of no use after that."""
        with self._lock:
            self._place.close()

    def _refresh(self, journal: Source) -> int:
        if not self._place.current():
            self._reopen()
        if self._positions is None:
            self._positions = bookkeeping.read_positions(self._place.database)
        if not journal.changed_since(self._positions):
            return 0
        ahead = None if self._positions else _Ahead(journal.read({}), self._bulk_entries)
        with _uncollected():
            if ahead is not None and ahead.is_long and self._place.builds:
                with contextlib.suppress(Busy):  # another one is at it for very long
                    return self._build(ahead) + self._follow(journal, None)
                ahead = None
            return self._follow(journal, ahead)

    def _build(self, ahead: _Ahead) -> int:
        """Fold a long journal into a new file, which is put in place once it is whole.

        That needs no log to undo from, so each page is written once.
        """
        folded = 0

        def fill(database: Database) -> None:
            nonlocal folded
            folder = Folder(self._rooms, self._tables)
            batches, more = iter(ahead), True
            while more:
                with database.writing():
                    count, more = self._fold_chunk(database, folder, batches, {})
                folded += count

        if self._place.build(fill):
            self._positions = bookkeeping.read_positions(self._place.database)
        else:  # somebody else has just done it
            self._reopen()
        return folded

    def _follow(self, journal: Source, ahead: _Ahead | None) -> int:
        """Fold what is new into the file as it stands; others may be at it, too."""
        folder = Folder(self._rooms, self._tables)
        folded, more, first = 0, True, True
        while more:
            database = self._place.database
            with database.writing():
                self._check_rules(database)
                positions = bookkeeping.read_positions(database)
                if first:  # what was damaged may have been mended: read those parts again
                    positions |= bookkeeping.take_damaged(database)
                known = ahead if first and not positions else None
                batches = iter(known) if known is not None else journal.read(dict(positions))
                count, more = self._fold_chunk(database, folder, batches, positions)
            self._positions = positions
            folded += count
            first = False
        return folded

    def _check_rules(self, database: Database) -> None:
        """Fold nothing by rules that are not those of the tables any more.

        Raises:
            ProjectionSuperseded: another process has adopted others.
        """
        if bookkeeping.read_meta(database, bookkeeping.FINGERPRINT) != self._place.fingerprint:
            raise ProjectionSuperseded("cannot bring tables up to date", why="the rules changed")

    def _fold_chunk(
        self,
        database: Database,
        folder: Folder,
        batches: Iterator[Batch],
        positions: dict[LogName, Position],
    ) -> tuple[int, bool]:
        """Fold up to a chunk, inside a transaction; move `positions` on.

        Returns:
            The entries folded, and whether more may wait.
        """
        damage: list[tuple[LogName, Finding, Position]] = []
        folded = 0
        more = False
        for batch in batches:
            folded += folder.fold(database, batch.entries)
            if batch.damage is not None:
                before = positions.get(batch.log, START)
                damage.append((batch.log, batch.damage, before))
            positions[batch.log] = batch.position
            if folded >= self._chunk_entries or folder.pending >= CHUNK_REGISTERS:
                more = True
                break
        folder.write(database)
        bookkeeping.write_positions(database, positions)
        bookkeeping.note_damage(database, damage)
        if not more:
            self._index(database)
        return folded, more

    def _index(self, database: Database) -> None:
        """Make the indexes once the first fold is done: sorting beats inserting by far."""
        if bookkeeping.read_meta(database, _INDEXED) is None:
            database.make_indexes(self._tables)
            bookkeeping.write_meta(database, _INDEXED, "yes")

    def _mending(self, work: Callable[[], _T], *, refold: bool = False) -> _T:
        """Do `work`; replace a file that turns out damaged, outdated or unwritable, and redo.

        `refold` fills the new tables from the journal of the last `refresh` first.
        """
        doubtful: ProjectionDoubtful | None = None
        for _ in range(_TRIES):
            try:
                return work()
            except (ProjectionDamaged, PositionLost) as error:
                # A lost position means that entries were folded which the journal has no more.
                if isinstance(error, ProjectionDoubtful):
                    if doubtful is not None or not self._place.doubtful:
                        raise error.__cause__ or error from None  # no damage: it is a bug
                    doubtful = error
                if isinstance(error, ProjectionDamaged):
                    _warn(error)
                self._place.discard()
            except ProjectionUnwritable as error:
                self._place.elsewhere(error)
            self._positions = None
            if refold and self._source is not None:
                self._refresh(self._source)
        return work()

    def _database(self) -> Database:
        """Return the connection, a new one in a forked child."""
        if self._place.inherited():
            self._reopen()
        return self._place.database

    def _reopen(self) -> None:
        self._place.reopen()
        self._positions = None


@contextlib.contextmanager
def _uncollected() -> Iterator[None]:
    """Pause the garbage collector: a chunk is some 100,000 tuples, none of them in a cycle.

    Walking them again and again takes an eighth of a fold.
    """
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def _warn(error: ProjectionDamaged) -> None:
    import logging  # seldom, and not light

    text = "%s; folded anew from the journal, nothing is lost"
    logging.getLogger(__name__).warning(text, error)
