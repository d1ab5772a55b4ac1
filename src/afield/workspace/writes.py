"""Who wrote a field last on each device, and what each device had merged by then: two tables.

Last writer wins in the rooms' own tables; these tell which writers knew of each other. Fields are
those that people set by hand: names and tags of runs, cards of datasets, what is deleted, notes,
fields of items.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from afield.datasets import events as datasets
from afield.journal import Entry
from afield.projection import Column, Put, PutMany, Room, Table
from afield.runs import events as runs
from afield.sync.events import SEEN
from afield.teamwork.sorts import SORTS

WRITES = Table(
    "writes",
    key=(Column("about", "text"), Column("field", "text"), Column("device", "text")),
    groups={
        "last": (
            Column("seq", "integer"),
            Column("at", "integer"),
            Column("member", "text"),
            Column("value", "text"),
        ),
    },
)
MERGES = Table(
    "merges",
    key=(Column("device", "text"), Column("seq", "integer")),
    groups={"once": (Column("heads", "text"),)},
)
TAG, CARD, FIELD = "tag ", "card ", "field "
NAMES = ("name", "project", "experiment")
DELETED = "deleted"
NOTED = "note"


def _write(entry: Entry, values: dict[str, Any]) -> Iterator[PutMany]:
    """Yield what an entry writes; the value of a field that it clears is None."""
    cells: list[Any] = []
    for field, value in values.items():
        text = value if isinstance(value, str) else None
        cells += (field, entry.device, entry.seq, entry.at, entry.by, text)
    yield PutMany("writes", entry.about, "last", cells)


def _named(entry: Entry) -> Iterator[PutMany]:
    yield from _write(entry, {name: entry.body[name] for name in NAMES if name in entry.body})


def _tagged(entry: Entry) -> Iterator[PutMany]:
    unset, given = entry.body.get("unset"), entry.body.get("set")
    values: dict[str, Any] = {}
    for key in unset if isinstance(unset, list) else ():
        values[f"{TAG}{key}"] = None
    for key, value in given.items() if isinstance(given, dict) else ():
        values[f"{TAG}{key}"] = value
    yield from _write(entry, values)


def _deleted(entry: Entry) -> Iterator[PutMany]:
    yield from _write(entry, {DELETED: "yes" if entry.body.get("deleted") is True else "no"})


def _noted(entry: Entry) -> Iterator[PutMany]:
    yield from _write(entry, {NOTED: entry.refs[0] if entry.refs else None})


def _carded(entry: Entry) -> Iterator[PutMany]:
    values: dict[str, Any] = {}
    for part in ("prose", "labels"):
        found = entry.body.get(part)
        for name, value in found.items() if isinstance(found, dict) else ():
            values[f"{CARD}{name}"] = value
    yield from _write(entry, values)


def _item(entry: Entry) -> Iterator[PutMany]:
    given = entry.body.get("set")
    if isinstance(given, dict):
        sort = entry.kind.partition(".")[0]
        yield from _write(entry, {f"{FIELD}{sort} {name}": _text(given[name]) for name in given})


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return msgspec.json.encode(value).decode()


def _seen(entry: Entry) -> Iterator[Put]:
    heads = entry.body.get("heads")
    if isinstance(heads, dict):
        text = msgspec.json.encode({log: head[0] for log, head in heads.items()}).decode()
        yield Put("merges", (entry.device, entry.seq), "once", (text,))


ROOM = Room(
    "writes",
    tables=(WRITES, MERGES),
    folds={
        runs.NAMED: _named,
        runs.TAGGED: _tagged,
        runs.DELETED: _deleted,
        runs.NOTED: _noted,
        datasets.CARDED: _carded,
        **{kind: _item for sort in SORTS for kind in (sort.made, sort.set)},
        SEEN: _seen,
    },
)
