"""What happened, newest first: begun and ended runs, verdicts, notes, versions of data.

A query over the rooms' tables; nothing is kept for it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from afield.kernel.clock import stamp_to_ms

if TYPE_CHECKING:
    from afield.workspace.workspace import Workspace

_STARTED = (
    "SELECT started_ms, 'run.started', id, project, name, member, NULL FROM runs"
    " WHERE started_ms >= ? AND started_ms < ? AND deleted IS NOT TRUE"
)
_ENDED = (
    "SELECT ended_ms, 'run.ended', id, project, name, member, status FROM runs"
    " WHERE ended_ms >= ? AND ended_ms < ? AND deleted IS NOT TRUE"
)
_VERDICTS = (
    "SELECT p.\"at\", 'run.reproduced', p.original, r.project, r.name, p.member, p.verdict"
    " FROM reproductions p LEFT JOIN runs r ON r.id = p.original"
    ' WHERE p."at" >= ? AND p."at" < ?'
)
_NOTES = (
    "SELECT n.\"at\", 'run.noted', n.run, r.project, r.name, n.member, NULL"
    " FROM notes n LEFT JOIN runs r ON r.id = n.run"
    ' WHERE n."at" >= ? AND n."at" < ?'
)
_VERSIONS = (
    "SELECT \"at\", 'dataset.added', name, NULL, name, member, tree FROM dataset_versions"
    ' WHERE "at" >= ? AND "at" < ?'
)
_BY_MS = (_STARTED, _ENDED)
_BY_STAMP = (_VERDICTS, _NOTES, _VERSIONS)
_FOREVER_MS = 1 << 47
_STAMP_BITS = 16
_ALIKE = 100
"""Things of one millisecond that a page may be longer by."""

_ORDER = {"run.started": 0, "run.ended": 1}
"""Of things of one millisecond, a run begins first, and people speak last."""


@dataclass(frozen=True, slots=True)
class Happening:
    """One thing that happened.

    Attributes:
        at: when, in UTC.
        kind: `run.started`, `run.ended`, `run.reproduced`, `run.noted`, `dataset.added`.
        about: the run's id, or the dataset's name.
        project: the run's project; None for data.
        name: what the run or dataset is called.
        member: who did it.
        detail: how the run ended, the verdict, or the version's tree.
    """

    at: datetime
    kind: str
    about: str
    project: str | None
    name: str | None
    member: str | None
    detail: str | None


def activity(
    workspace: Workspace,
    *,
    since_ms: int = 0,
    before_ms: int | None = None,
    limit: int = 100,
) -> list[Happening]:
    """Return what happened in [`since_ms`, `before_ms`) (Unix milliseconds), newest first.

    A few more than `limit` when they are of the same millisecond as the last: so the next page,
    before that one, leaves none of them out.
    """
    workspace.refresh()
    end_ms = _FOREVER_MS if before_ms is None else min(before_ms, _FOREVER_MS)
    since_ms = max(0, min(since_ms, _FOREVER_MS))
    found: list[Happening] = []
    for sql in _BY_MS:
        rows = workspace.query(_newest(sql), (since_ms, end_ms, limit + _ALIKE))
        found += [Happening(_when(row[0]), *row[1:]) for row in rows]
    stamps = (since_ms << _STAMP_BITS, (end_ms << _STAMP_BITS) - 1, limit + _ALIKE)
    for sql in _BY_STAMP:
        rows = workspace.query(_newest(sql), stamps)
        found += [Happening(_when(stamp_to_ms(row[0])), *row[1:]) for row in rows]
    found.sort(key=lambda one: (one.at, _ORDER.get(one.kind, 2), one.about), reverse=True)
    return [one for one in found if one.at >= found[limit - 1].at] if found[limit:] else found


def _newest(sql: str) -> str:
    return f"{sql} ORDER BY 1 DESC LIMIT ?"


def _when(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1000, UTC)
