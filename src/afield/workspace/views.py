"""What a reader holds of a run: light, and loading its parts only when they are asked for."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import cached_property
from typing import Any, Protocol, TypeVar

import msgspec

from afield.kernel.clock import stamp_to_ms
from afield.kernel.ids import MemberId, ObjectId, RunId
from afield.runs.events import RUNNING, SCHEDULED, Scalar
from afield.runs.manifest import Manifest
from afield.runs.series.live import live_parts
from afield.runs.series.seal import Summary, summarise

COLUMNS = (
    "r.id, r.name, r.project, r.experiment, r.kind, r.status, r.exit_code, r.signal, r.started_ms,"
    " r.ended_ms, r.host_object, r.parent, r.reproduces, r.device, r.member, r.manifest, r.facts,"
    " r.deleted, r.failure, r.exception"
)
_NUMBERS = frozenset({6, 8, 9, 17})
"""Which of them are integers; the others are texts."""

_T = TypeVar("_T")
_Rows = list[tuple[Any, ...]]


class Source(Protocol):
    """What a view loads its parts from; `Workspace` is one."""

    def read(self, sql: str, args: Sequence[Any], decode: Callable[[_Rows], _T]) -> _T:
        """Run a SELECT, and make something of its rows; what cannot be is damage, and mended."""
        ...

    def text_of(self, found: ObjectId) -> str:
        """Return an object that is text."""
        ...

    def name_of(self, member: str) -> str:
        """Return what a member is called, or its id."""
        ...

    def host_of(self, found: ObjectId | None) -> str | None:
        """Return the name of a machine, from the object that holds it; None when unknown."""
        ...

    def manifest(self, run: RunView | str) -> Manifest | None:
        """Return what was captured of a run."""
        ...

    def live_folder(self, run: RunId) -> str:
        """Return the folder of a running run."""
        ...


class MetricSummary(msgspec.Struct, frozen=True):
    """A metric without its points.

    `last` is the value logged last and `count` the number of points, NaN included; `min`,
    `max` and `mean` leave NaN out, and are NaN when there is nothing else.
    """

    last: float
    min: float
    max: float
    mean: float
    count: int


class Note(msgspec.Struct, frozen=True):
    """A note on a run, in a person's words."""

    text: str
    at: datetime
    member: MemberId


class SavedFile(msgspec.Struct, frozen=True):
    """A file that a run kept; its bytes are the object's."""

    path: str
    object: ObjectId
    size_bytes: int


class Reproduction(msgspec.Struct, frozen=True):
    """How a reproduction of the run turned out; `run` is the reproduction's own id."""

    run: RunId
    verdict: str
    cause_kind: str | None
    report: ObjectId | None
    at: datetime


class RunView:
    """A run as it stood when it was asked for.

    Attributes:
        id: 16 characters; any unique prefix names the run, too.
        name: need not be unique.
        project: groups experiments.
        experiment: groups runs of a project.
        kind: `command` (`afield run`), `python` (`afield.init`), `served` or `imported`.
        status: `running`, `finished`, `failed`, `killed` or `interrupted`.
        exit_code: of the process; None while it runs, or when nobody saw its end.
        signal: the signal that ended it, or None.
        started: when it began, in UTC.
        ended: when it ended, or None.
        parent: the run inside which it was begun, or None.
        reproduces: the run that it repeats, or None.
        device: the device that recorded it.
        member: the member that recorded it.
        deleted: whether it is hidden from lists.
        failure: the fingerprint of why it failed, the same wherever the same thing fails; or None.
        exception: the exception, signal or `exit N` by which it failed, or None.
        facts: what capture found: branch, commit, python ...; empty without capture.
    """

    def __init__(self, source: Source, row: Sequence[Any]) -> None:
        for index, value in enumerate(row):
            if value is not None and type(value) is not (int if index in _NUMBERS else str):
                raise TypeError(f"no fold writes {value!r}")
        self._source = source
        self.id: RunId = row[0]
        self.name: str = row[1] or ""
        self.project: str = row[2] or ""
        self.experiment: str = row[3] or ""
        self.kind: str = row[4] or ""
        self.status: str = row[5] or RUNNING
        self.exit_code: int | None = row[6]
        self.signal: str | None = row[7]
        self.started: datetime = _when(row[8] or 0)
        goes_on = self.status in (RUNNING, SCHEDULED)
        self.ended: datetime | None = None if row[9] is None or goes_on else _when(row[9])
        self._host: ObjectId | None = row[10]
        self.parent: RunId | None = row[11]
        self.reproduces: RunId | None = row[12]
        self.device: str = row[13] or ""
        self.member: str = row[14] or ""
        self.manifest_id: ObjectId | None = row[15]
        self._facts: str | None = row[16]
        self.deleted = bool(row[17])
        self.failure: str | None = row[18]
        self.exception: str | None = row[19]

    def __repr__(self) -> str:
        return f"<afield.RunView {self.id} {self.name!r} {self.status}>"

    @cached_property
    def facts(self) -> dict[str, Any]:
        """What capture found: branch, commit, python, dirty ...; empty without capture."""
        if not self._facts:
            return {}
        return self._source.read("SELECT facts FROM runs WHERE id = ?", (self.id,), _facts)

    @property
    def user(self) -> str:
        """What the member is called; its id when nobody says it."""
        return self._source.name_of(self.member)

    @property
    def host(self) -> str | None:
        """The name of the machine; None when it is not known here, or was erased."""
        return self._source.host_of(self._host)

    @property
    def duration_s(self) -> float | None:
        """How long it took, in seconds; None while it runs."""
        return None if self.ended is None else (self.ended - self.started).total_seconds()

    @cached_property
    def params(self) -> dict[str, Scalar]:
        """The params, by name."""
        return self._scalars("params")

    @cached_property
    def summary(self) -> dict[str, Scalar]:
        """Values about the whole run that are no metric, by name."""
        return self._scalars("summaries")

    @cached_property
    def tags(self) -> dict[str, str]:
        """The tags that are set, by name."""
        sql = "SELECT name, value FROM tags WHERE run = ? AND value IS NOT NULL ORDER BY name"
        return self._rows(sql, lambda rows: {_text(name): _text(value) for name, value in rows})

    @cached_property
    def metrics(self) -> dict[str, MetricSummary]:
        """Each metric's summary, by name; of a running run as far as it has come."""
        if self.status == RUNNING:
            found = summarise(live_parts(self._source.live_folder(self.id)))
            if found:
                return {name: to_metric(found[name]) for name in sorted(found)}
        sql = 'SELECT name, last, min, max, mean, "count" FROM metrics WHERE run = ? ORDER BY name'
        return self._rows(sql, metrics_of)

    @cached_property
    def notes(self) -> list[Note]:
        """The notes, oldest first."""
        sql = "SELECT at, object, member FROM notes WHERE run = ? ORDER BY at"
        noted = self._rows(
            sql,
            lambda rows: [(_text(found), _when(stamp_to_ms(at)), by) for at, found, by in rows],
        )
        return [Note(self._source.text_of(ObjectId(found)), at, by) for found, at, by in noted]

    @cached_property
    def saved(self) -> list[SavedFile]:
        """The files that `Run.save` kept."""
        sql = (
            "SELECT path, object, size_bytes FROM saved"
            " WHERE run = ? AND object IS NOT NULL ORDER BY path"
        )
        return self._rows(sql, lambda rows: [SavedFile(*row) for row in rows])

    @cached_property
    def reproductions(self) -> list[Reproduction]:
        """What came of reproducing this run, oldest first."""
        sql = (
            "SELECT run, verdict, cause_kind, report, at FROM reproductions"
            " WHERE original = ? ORDER BY at"
        )
        return self._rows(
            sql,
            lambda rows: [
                Reproduction(run, verdict, cause, report, _when(stamp_to_ms(at)))
                for run, verdict, cause, report, at in rows
            ],
        )

    @cached_property
    def manifest(self) -> Manifest | None:
        """All that was captured; None for a run that was not captured."""
        return self._source.manifest(self)

    def _scalars(self, table: str) -> dict[str, Scalar]:
        sql = f"SELECT name, type, text, number FROM {table} WHERE run = ? ORDER BY name"  # noqa: S608 - a literal
        return self._rows(sql, lambda rows: {_text(row[0]): scalar_of(*row[1:]) for row in rows})

    def _rows(self, sql: str, decode: Callable[[_Rows], _T]) -> _T:
        return self._source.read(sql, (self.id,), decode)


def to_metric(found: Summary) -> MetricSummary:
    """Return what was summed up of a live metric as what is told of an ended one."""
    return MetricSummary(found.last, found.min, found.max, found.mean, found.count)


def _facts(rows: _Rows) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(rows[0][0])
    return found


def metrics_of(rows: Sequence[Sequence[Any]]) -> dict[str, MetricSummary]:
    """Return summaries by name, from rows of `name, last, min, max, mean, count`."""
    return {
        _text(name): MetricSummary(
            _number(last), _number(low), _number(high), _number(mean), int(count or 0)
        )
        for name, last, low, high, mean, count in rows
    }


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"no fold writes {value!r}")
    return value


def scalar_of(kind: str, text: str | None, number: float | None) -> Scalar:
    """Return a param's value as it was logged, from its row."""
    if kind == "null" or text is None:
        return None
    if kind == "boolean":
        return text == "true"
    if kind == "integer":
        return int(text)
    return float(text) if kind == "real" and number is not None else text


def _number(value: float | None) -> float:
    return math.nan if value is None else float(value)


def _when(unix_ms: int) -> datetime:
    return datetime.fromtimestamp(unix_ms / 1000, tz=UTC)
