"""Bringing the index up to date: what has new entries is looked at again, and nothing else.

The index remembers up to where of each log it goes, as the tables do. After entries that change
whose entries count, and after damage that was mended, every document is compared by its mark.
Words of objects that are gone from the vault are taken out of the file, not only out of sight.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from typing import Any

from afield.kernel.digest import digest
from afield.kernel.errors import AfieldError
from afield.kernel.ids import ObjectId
from afield.projection.documents import ASKED_MAX, Document, Documents, Words
from afield.projection.sqlite import SqliteDatabase
from afield.workspace.search.changes import changes, is_at, note_change, packs_moved, state_of
from afield.workspace.search.limits import CHANGED_MAX, TEXT_CHARS_MAX
from afield.workspace.search.sources import SOURCES
from afield.workspace.search.tokens import facets, grams
from afield.workspace.workspace import Workspace

_REMOVED = "removed"
_SAME_MS = 20
"""Bits of a row's number below its time: so many documents may be of one millisecond."""

_MARK_CHARS = 24
_SIGNS = str.maketrans(dict.fromkeys(range(32), " "))
"""Signs that no text needs; two of them mark what an excerpt shows."""

_WORDS = "title, text, names, grams, facets"
_DELETE = f"INSERT INTO words (words, rowid, {_WORDS}) VALUES ('delete', ?, ?, ?, ?, ?, ?)"  # noqa: S608 - literals
_INSERT = f"INSERT INTO words (rowid, {_WORDS}) VALUES (?, ?, ?, ?, ?, ?)"  # noqa: S608 - literals
_KEEP = (
    f"INSERT INTO docs (rowid, {_WORDS}, source, sort, key, id, about, mark, label, project,"  # noqa: S608 - literals
    " author, detail, at_ms, missing) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
_REMEMBER = (
    "INSERT INTO state VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value"
)
_KNOWN = "SELECT sort, key, rowid, mark FROM docs WHERE source = ?"
Known = dict[tuple[str, str], tuple[int, str]]
"""By sort and key: row and mark of a document that is in the index."""


class Update:
    """One look at what is new."""

    def __init__(self, workspace: Workspace, database: SqliteDatabase) -> None:
        self._workspace = workspace
        self._vault = workspace.record.vault
        self._database = database
        self._removed = False

    def run(self) -> None:
        """Bring the index up to date; costs a few queries when nothing is new.

        Raises:
            Busy: another process is at it for very long.
        """
        if is_at(self._state(), state_of(self._workspace)):
            return
        with self._database.writing():
            before, now = self._state(), state_of(self._workspace)
            if is_at(before, now):  # another process has just done it
                return
            self._database.query("PRAGMA secure_delete = ON")
            self._vault.refresh()
            changed = changes(self._workspace.record.journal, before, now)
            lost, came = packs_moved(before, now)
            for source_name, about in self._unlike(lost=lost, came=came):
                note_change(changed, source_name, about)
            for source in SOURCES:
                self._compare(source, changed.get(source.name, set()))
            removed = self._removed or before.get(_REMOVED) == "yes"
            if lost and removed:  # deleted words stand in the index until it is merged
                self._database.query("INSERT INTO words (words) VALUES ('optimize')")
                removed = False
            now[_REMOVED] = "yes" if removed else "no"
            self._database.write_many(_REMEMBER, list(now.items()))
        if lost:
            self._database.query("PRAGMA wal_checkpoint(TRUNCATE)")

    def _state(self) -> dict[str, str]:
        return dict(self._database.query("SELECT name, value FROM state"))

    def _unlike(self, *, lost: bool, came: bool) -> Iterator[tuple[str, str]]:
        """Yield source and about of documents whose objects have come or gone since."""
        rows: list[int] = []
        if lost:
            there: dict[str, bool] = {}
            for doc, found in self._database.query("SELECT doc, object FROM proses"):
                if found not in there:
                    there[found] = self._vault.has(ObjectId(found))
                if not there[found]:
                    rows.append(doc)
        if came:
            rows += [row for (row,) in self._database.query("SELECT rowid FROM docs WHERE missing")]
        for row in dict.fromkeys(rows):
            self._database.query("UPDATE docs SET mark = '' WHERE rowid = ?", (row,))
            sql = "SELECT source, about FROM docs WHERE rowid = ?"
            yield from self._database.query(sql, (row,))

    def _compare(self, source: Documents, abouts: set[str] | None) -> None:
        """Put in what is new or otherwise, take out what is not there any more."""
        if abouts is None or len(abouts) > CHANGED_MAX:
            rows = self._database.query(_KNOWN, (source.name,))
            self._put_all(source, None, _known(rows))
            return
        wanted = sorted(abouts)
        for start in range(0, len(wanted), ASKED_MAX):
            some = wanted[start : start + ASKED_MAX]
            sql = f"{_KNOWN} AND about IN ({', '.join('?' * len(some))})"
            self._put_all(source, some, _known(self._database.query(sql, (source.name, *some))))

    def _put_all(self, source: Documents, abouts: Sequence[str] | None, known: Known) -> None:
        for document in source.found(self._workspace.query, abouts):
            mark = _mark(document)
            row, before = known.pop((document.sort, document.key), (None, None))
            if before == mark:
                continue
            if row is not None:
                self._remove(row)
            self._put(source, document, mark)
        for row, _ in known.values():
            self._remove(row)

    def _remove(self, row: int) -> None:
        database = self._database
        database.write_many(
            _DELETE,
            database.query(f"SELECT rowid, {_WORDS} FROM docs WHERE rowid = ?", (row,)),  # noqa: S608 - literals
        )
        self._removed = self._removed or bool(
            database.query("SELECT 1 FROM proses WHERE doc = ? LIMIT 1", (row,))
        )
        database.query("DELETE FROM proses WHERE doc = ?", (row,))
        database.query("DELETE FROM docs WHERE rowid = ?", (row,))

    def _put(self, source: Documents, document: Document, mark: str) -> None:
        found, objects = self._read(document)
        label = next((each.label for each in found if each.label), None)
        text = " ".join(filter(None, (document.text, *(each.text for each in found))))
        names = " ".join(filter(None, (document.names, *(each.names for each in found))))
        row = self._free(document.at_ms)
        indexed = (
            _clean(label or document.title),
            _clean(text),
            _clean(names),
            grams(_clean(names)),
            facets(document.sort, document.project, document.author),
        )
        told = (
            *(source.name, document.sort, document.key, document.id, document.about, mark),
            *(label or document.label, document.project, document.author, document.detail),
            *(document.at_ms, len(document.prose) - len(objects)),
        )
        self._database.write_many(_KEEP, [(row, *indexed, *told)])
        sql = f"SELECT rowid, {_WORDS} FROM docs WHERE rowid = ?"  # noqa: S608 - literals
        self._database.write_many(_INSERT, self._database.query(sql, (row,)))
        self._database.write_many(
            "INSERT INTO proses VALUES (?, ?)", [(row, each) for each in sorted(objects)]
        )

    def _read(self, document: Document) -> tuple[list[Words], set[str]]:
        """Return the words of a document's objects, and the objects that are here."""
        found: list[Words] = []
        objects: set[str] = set()
        for each in document.prose:
            try:
                data = self._vault.get(ObjectId(each.object))
            except (AfieldError, ValueError):  # erased, elsewhere, or damaged: `verify` tells
                continue
            objects.add(each.object)
            with contextlib.suppress(Exception):  # of another form than its reader knows
                found.append(each.read(data))
        return found, objects

    def _free(self, at_ms: int) -> int:
        """Return a number for a row, by which rows are in the order of their time."""
        first = first_row(at_ms)
        sql = "SELECT MAX(rowid) FROM docs WHERE rowid >= ? AND rowid < ?"
        ((last,),) = self._database.query(sql, (first, first + (1 << _SAME_MS)))
        return first if last is None else int(last) + 1


def first_row(since_ms: int) -> int:
    """Return the number before which the rows of documents are that are older than that."""
    return min(max(since_ms, 0), (1 << 62 - _SAME_MS) - 1) << _SAME_MS


def time_of(row: int) -> int:
    """Return the time of the document of a row, in Unix milliseconds."""
    return row >> _SAME_MS


def _known(rows: Sequence[tuple[Any, ...]]) -> Known:
    return {(sort, key): (row, mark) for sort, key, row, mark in rows}


def _mark(document: Document) -> str:
    """Return what two states of a document do not share."""
    told = (
        *(document.id, document.about, document.label, document.title, document.project),
        *(document.at_ms, document.author, document.detail, document.text, document.names),
        tuple(each.object for each in document.prose),
    )
    return digest(repr(told).encode("utf-8", "surrogatepass"))[:_MARK_CHARS]


def _clean(text: str) -> str:
    return text[:TEXT_CHARS_MAX].translate(_SIGNS)
