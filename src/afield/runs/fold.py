"""From this room's facts to its tables; pure, and forgiving towards bodies of later versions.

A run's `started` entry also writes the registers of its names and `ended` (as `running`): its
stamp is older than any later name or end, whatever order they arrive in.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from operator import itemgetter
from typing import Any

import msgspec

from afield.journal import Entry
from afield.projection import (
    Add,
    Column,
    Frame,
    Index,
    Put,
    PutAlike,
    PutMany,
    PutRow,
    Room,
    Table,
)
from afield.runs import events, owners

_INTEGER_MAX = 1 << 63
"""What a column of integers holds, exclusive."""

DURATION = "((ended_ms - started_ms) / 1000.0)"
_NEWEST = frozenset({"started_ms"})

RUNS = Table(
    name="runs",
    key=(Column("id", "text"),),
    groups={
        "started": (
            Column("kind", "text"),
            Column("pid", "integer"),
            Column("host_object", "text"),
            Column("started_ms", "integer"),
            Column("parent", "text"),
            Column("reproduces", "text"),
            Column("device", "text"),
            Column("member", "text"),
            Column("logged_by", "text"),
        ),
        "named": (Column("name", "text"),),
        "placed": (Column("project", "text"),),
        "grouped": (Column("experiment", "text"),),
        "ended": (
            Column("status", "text"),
            Column("exit_code", "integer"),
            Column("signal", "text"),
            Column("ended_ms", "integer"),
        ),
        "failed": (
            Column("failure", "text"),
            Column("exception", "text"),
            Column("failure_object", "text"),
        ),
        "captured": (
            Column("manifest", "text"),
            Column("branch", "text"),
            Column("commit_id", "text"),
            Column("python", "text"),
            Column("facts", "text"),
        ),
        "erased": (Column("deleted", "boolean"),),
    },
    indexes=(
        ("started_ms",),
        ("name",),
        ("project", "started_ms"),
        ("project", "experiment", "started_ms"),
        ("status", "started_ms"),
        ("reproduces",),
        ("failure", "started_ms"),
        *(
            Index((column, "started_ms"), falling, large=True)
            for column, falling in (
                ("project", _NEWEST),
                ("experiment", _NEWEST),
                ("experiment", frozenset()),
                ("status", _NEWEST),
                ("member", _NEWEST),
            )
        ),
        Index(("ended_ms",), large=True),
        Index(("ended_ms", "started_ms"), sql=f"({DURATION})", large=True),
    ),
)
PARAMS = Table(
    name="params",
    key=(Column("run", "text"), Column("name", "text")),
    groups={
        "value": (
            Column("type", "text"),
            Column("text", "text", long=True),
            Column("number", "real"),
        ),
    },
    indexes=(("name", "number", "text"),),
)
METRICS = Table(
    name="metrics",
    key=(Column("run", "text"), Column("name", "text")),
    groups={
        "summary": (
            Column("last", "real"),
            Column("min", "real"),
            Column("max", "real"),
            Column("mean", "real"),
            Column("count", "integer"),
            Column("latest", "real"),
            Column("latest_step", "integer"),
            Column("latest_ms", "integer"),
        ),
    },
    indexes=(("name", "last", "latest"), Index(("name", "latest"), large=True)),
)
"""`latest` is NULL where it is NaN; where nobody told it, it is `last`, and its step is NULL.

Whoever asks for the latest of a name reads all that the first index has of it, unless there are
very many rows: a second index takes a tenth of a fold.
"""

TAGS = Table(
    name="tags",
    key=(Column("run", "text"), Column("name", "text")),
    groups={"tagged": (Column("value", "text", long=True),)},
    indexes=(("name", "value"),),
)
SUMMARIES = Table(
    name="summaries",
    key=(Column("run", "text"), Column("name", "text")),
    groups={
        "value": (
            Column("type", "text"),
            Column("text", "text", long=True),
            Column("number", "real"),
        ),
    },
)
SERIES = Table(
    name="run_series",
    key=(Column("run", "text"),),
    groups={"sealed": (Column("inline", "text"), Column("object", "text"))},
    wide=True,
)
SAVED = Table(
    name="saved",
    key=(Column("run", "text"), Column("path", "text")),
    groups={"file": (Column("object", "text"), Column("size_bytes", "integer"))},
)
NOTES = Table(
    name="notes",
    key=(Column("run", "text"), Column("at", "integer"), Column("object", "text")),
    groups={"once": (Column("member", "text"),)},
)
REPRODUCTIONS = Table(
    name="reproductions",
    key=(Column("original", "text"), Column("run", "text")),
    groups={
        "judged": (
            Column("verdict", "text"),
            Column("cause_kind", "text"),
            Column("report", "text"),
            Column("at", "integer"),
            Column("member", "text"),
        ),
    },
)
IMPORTS = Table(
    name="imports",
    key=(Column("run", "text"),),
    groups={"seen": (Column("tool", "text"), Column("mark", "text"), Column("object", "text"))},
)


_NAME_GROUPS = ("named", "placed", "grouped")
_NAME_FIELDS = ("name", "project", "experiment")
_SUMMARY_NAMES = ("last", "min", "max", "mean")
_SUMMARY = itemgetter(*_SUMMARY_NAMES, "count")
_SUMMARY_TYPES = [float, float, float, float, int]
"""What a metric's summary nearly always is: it is stored as it stands."""
_SUMMARY_CELLS = (*range(len(_SUMMARY_TYPES)), 0, None, None)
_UNTOLD = (None, None)
_encode = msgspec.json.Encoder().encode
_PLAIN = b"0123456789.-,[]"
_FRAME_ROWS = 64
_FRAMES_KEPT = 256


_STARTED_TEXTS = ("kind", "parent", "reproduces", "logged_by")


def _started(entry: Entry) -> Iterator[PutRow]:
    body = entry.body
    kind, parent, reproduces, logged_by = _texts(body, _STARTED_TEXTS)
    values = (
        kind,
        _integer(body, "pid"),
        next(iter(entry.refs), None),
        _integer(body, "started_ms"),
        parent,
        reproduces,
        entry.device,
        entry.by,
        logged_by,
    )
    groups, names = _names(body)
    running = (events.RUNNING, None, None, None)
    yield PutRow("runs", (entry.about,), ("started", *groups, "ended"), (*values, *names, *running))


def _named(entry: Entry) -> Iterator[PutRow]:
    groups, names = _names(entry.body)
    if groups:
        yield PutRow("runs", (entry.about,), groups, names)


def _names(body: Mapping[str, Any]) -> tuple[tuple[str, ...], tuple[str | None, ...]]:
    """Return the registers of names that a body sets, and their values."""
    names = tuple(_texts(body, _NAME_FIELDS))
    if None not in names:
        return _NAME_GROUPS, names
    found = [each for each in zip(_NAME_GROUPS, names, strict=True) if each[1] is not None]
    return tuple(group for group, _ in found), tuple(name for _, name in found)


def _params(entry: Entry) -> Iterator[PutAlike]:
    return _scalars("params", entry.about, _mapping(entry.body, "params"))


def _summary(entry: Entry) -> Iterator[PutAlike]:
    return _scalars("summaries", entry.about, _mapping(entry.body, "values"))


def _scalars(table: str, run: str, values: Mapping[str, Any]) -> Iterator[PutAlike]:
    """Yield what sets (type, text, number) of each."""
    types: list[str] = []
    cells: list[Any] = []
    texts = iter(spelt([value for value in values.values() if type(value) is float]))
    for value in values.values():
        if type(value) is float:
            types.append("real")
            cells += (next(texts), value)
        else:
            kind, text, number = _typed(value)
            types.append(kind)
            cells += (text, number)
    names = tuple(values)
    for start in range(0, len(names), _FRAME_ROWS):
        end = start + _FRAME_ROWS
        frame = _scalars_frame(names[start:end], tuple(types[start:end]))
        yield PutAlike(table, run, "value", frame, cells[2 * start : 2 * end])


@lru_cache(_FRAMES_KEPT)
def _scalars_frame(names: tuple[str, ...], types: tuple[str, ...]) -> Frame:
    return Frame(tuple((*each, 0, 1) for each in zip(names, types, strict=True)), 2)


def _tagged(entry: Entry) -> Iterator[Put]:
    for name in _list(entry.body, "unset"):
        yield Put("tags", (entry.about, str(name)), "tagged", (None,))
    for name, value in _mapping(entry.body, "set").items():
        yield Put("tags", (entry.about, name), "tagged", (str(value),))


def _captured(entry: Entry) -> Iterator[Put]:
    facts = _mapping(entry.body, "facts")
    values = (
        next(iter(entry.refs), None),
        _text(facts, "branch"),
        _text(facts, "commit"),
        _text(facts, "python"),
        json.dumps(facts, sort_keys=True),
    )
    yield Put("runs", (entry.about,), "captured", values)
    yield from _failed(entry)


def _measured(entry: Entry) -> Iterator[PutAlike | PutMany]:
    metrics = _mapping(entry.body, "metrics")
    width = len(_SUMMARY_TYPES)
    cells: list[Any] = []
    try:
        for found in metrics.values():
            cells += _SUMMARY(found)
            if "latest" in found:
                raise KeyError  # noqa: TRY301 - a server's: they take the long way
    except (KeyError, TypeError):
        cells = []
    if not cells or [*map(type, cells)] != _SUMMARY_TYPES * len(metrics) or not _counts_fit(cells):
        yield PutMany("metrics", entry.about, "summary", _odd_summaries(metrics))
        return
    names = tuple(metrics)
    for start in range(0, len(names), _FRAME_ROWS):
        end = start + _FRAME_ROWS
        frame = _summaries_frame(names[start:end])
        yield PutAlike("metrics", entry.about, "summary", frame, cells[width * start : width * end])


@lru_cache(_FRAMES_KEPT)
def _summaries_frame(names: tuple[str, ...]) -> Frame:
    return Frame(tuple((name, *_SUMMARY_CELLS) for name in names), len(_SUMMARY_TYPES))


def _counts_fit(cells: Sequence[Any]) -> bool:
    counts = cells[4 :: len(_SUMMARY_TYPES)]
    return bool(min(counts) >= 0 and max(counts) < _INTEGER_MAX)


def _odd_summaries(metrics: Mapping[str, Any]) -> list[Any]:
    """Take what can be taken of summaries with parts missing or of other types."""
    cells: list[Any] = []
    for name, found in metrics.items():
        if isinstance(found, dict):
            numbers = list(map(_number, map(found.get, _SUMMARY_NAMES)))
            cells += (name, *numbers, _integer(found, "count"))
            if "latest" in found:
                latest = _number(found["latest"])
                cells += (latest, _integer(found, "step"), _integer(found, "time_ms"))
            else:
                cells += (numbers[0], *_UNTOLD)
    return cells


def _ended(entry: Entry) -> Iterator[Put | PutAlike | PutMany]:
    body = entry.body
    yield from _measured(entry)
    ending = (
        _text(body, "status"),
        _integer(body, "exit_code"),
        _text(body, "signal"),
        _integer(body, "ended_ms"),
    )
    yield Put("runs", (entry.about,), "ended", ending)
    yield from _failed(entry)
    series = _mapping(body, "series")
    if series:
        found = (_text(series, "inline"), _text(series, "object"))
        yield Put("run_series", (entry.about,), "sealed", found)


def _failed(entry: Entry) -> Iterator[Put]:
    found = _mapping(entry.body, "failure")
    if found:
        values = (_text(found, "fingerprint"), _text(found, "exception"), _text(found, "object"))
        yield Put("runs", (entry.about,), "failed", values)


def _saved(entry: Entry) -> Iterator[Put]:
    body = entry.body
    path = _text(body, "path")
    if path is not None:
        values = (_text(body, "object"), _integer(body, "size_bytes"))
        yield Put("saved", (entry.about, path), "file", values)


def _reopened(entry: Entry) -> Iterator[Put]:
    scheduled = entry.body.get("status") == events.SCHEDULED
    status = events.SCHEDULED if scheduled else events.RUNNING
    yield Put(
        "runs", (entry.about,), "ended", (status, None, None, _integer(entry.body, "ended_ms"))
    )


def _noted(entry: Entry) -> Iterator[Add]:
    for found in entry.refs:
        yield Add("notes", (entry.about, entry.at, found, entry.by))


def _deleted(entry: Entry) -> Iterator[Put]:
    yield Put("runs", (entry.about,), "erased", (int(entry.body.get("deleted") is True),))


def _reproduced(entry: Entry) -> Iterator[Put]:
    body = entry.body
    run = _text(body, "run")
    if run is not None:
        report = next(iter(entry.refs), None)
        values = (_text(body, "verdict"), _text(body, "cause_kind"), report, entry.at, entry.by)
        yield Put("reproductions", (entry.about, run), "judged", values)


def _imported(entry: Entry) -> Iterator[Put]:
    tool, mark = _texts(entry.body, ("tool", "mark"))
    yield Put("imports", (entry.about,), "seen", (tool, mark, next(iter(entry.refs), None)))


def spelt(values: list[float]) -> list[str]:
    """Return the `repr` of each: JSON spells all but the very large and small so, in a quarter."""
    text = _encode(values)
    if not values or text.translate(None, _PLAIN) or b"0.0000" in text:
        return list(map(repr, values))
    return text[1:-1].decode().split(",")


def _typed(value: object) -> tuple[str, str | None, float | None]:
    """Return (type, text, number) of a scalar, so that it compares as text and as number."""
    if isinstance(value, float):
        return "real", repr(value), value
    if value is None:
        return "null", None, None
    if isinstance(value, bool):
        return "boolean", "true" if value else "false", float(value)
    if isinstance(value, int):
        return "integer", str(value), _number(value)
    text = value if isinstance(value, str) else json.dumps(value)
    return "text", text, _number_in(text)


def is_worded(text: str) -> bool:
    """Tell a text that no stored scalar with a number has: neither a number nor a boolean."""
    return _number_in(text) is None and text not in ("true", "false")


def _number_in(text: str) -> float | None:
    """Return the number that a text spells (`--param lr=0.1` gives texts), else None."""
    try:
        number = float(text)
    except ValueError:
        return None
    return None if number != number else number  # noqa: PLR0124 - NaN is no number to compare


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    try:
        return float(value)
    except (ValueError, OverflowError):
        return None


def _texts(body: Mapping[str, Any], names: Iterable[str]) -> list[str | None]:
    return [value if isinstance(value, str) else None for value in map(body.get, names)]


def _text(body: Mapping[str, Any], name: str) -> str | None:
    value = body.get(name)
    return value if isinstance(value, str) else None


def _integer(body: Mapping[str, Any], name: str) -> int | None:
    value = body.get(name)
    if not isinstance(value, int) or isinstance(value, bool):
        return None
    return value if -_INTEGER_MAX <= value < _INTEGER_MAX else None


def _mapping(body: Mapping[str, Any], name: str) -> dict[str, Any]:
    value = body.get(name)
    return value if isinstance(value, dict) else {}


def _list(body: Mapping[str, Any], name: str) -> list[Any]:
    value = body.get(name)
    return value if isinstance(value, list) else []


ROOM = Room(
    name="runs",
    tables=(RUNS, PARAMS, METRICS, TAGS, SUMMARIES, SERIES, SAVED, NOTES, REPRODUCTIONS, IMPORTS),
    folds={
        events.STARTED: _started,
        events.NAMED: _named,
        events.PARAMS: _params,
        events.SUMMARY: _summary,
        events.TAGGED: _tagged,
        events.CAPTURED: _captured,
        events.MEASURED: _measured,
        events.ENDED: _ended,
        events.SAVED: _saved,
        events.NOTED: _noted,
        events.DELETED: _deleted,
        events.REPRODUCED: _reproduced,
        events.IMPORTED: _imported,
        events.REOPENED: _reopened,
    },
    owners=(owners.RUNS,),
)
