"""Metrics of which a run has a better value than all before it in its experiment.

Which way is better is told by the metric's name: runs say nothing of it. Others are not judged.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal, NamedTuple

from afield.kernel.late import late
from afield.workspace.workspace import Workspace

Way = Literal["lower", "higher"]
ROWS_MAX = 20_000
"""Metrics of runs that are looked at for one span, the newest; older ones count as before it."""

_METRICS = (
    "SELECT r.id, r.name, r.member, r.ended_ms, r.project, r.experiment, m.name, m.min, m.max"
    " FROM runs r JOIN metrics m ON m.run = r.id"
    " WHERE r.ended_ms >= ? AND r.ended_ms < ? AND r.status = 'finished'"
    " AND r.deleted IS NOT TRUE AND r.reproduces IS NULL ORDER BY r.ended_ms DESC LIMIT ?"
)
_BEFORE = (
    "SELECT m.name, MIN(m.min), MAX(m.max) FROM runs r CROSS JOIN metrics m"
    " WHERE m.run = r.id AND r.project = ? AND r.experiment = ? AND r.started_ms < ?"
    " AND r.ended_ms < ?"
    " AND COALESCE(r.status, '') = 'finished' AND COALESCE(r.reproduces, '') = ''"
    " AND r.deleted IS NOT TRUE GROUP BY m.name"
)
"""Written so that SQLite takes the index of the experiment, not that of the status."""

_LOWER = late(r"(?i)(^|[/_.])(loss|error|err|rmse|mse|mae|mape|perplexity|ppl|wer|cer|fid)$")
_HIGHER = late(r"(?i)(^|[/_.])(acc|accuracy|auc|f1|score|r2|precision|recall|map|bleu|iou|ndcg)$")
_Spread = tuple[float | None, float | None]


class Best(NamedTuple):
    """A run that moved the best value of a metric; `before` is what it was."""

    run: str
    name: str
    member: str | None
    ended_ms: int
    project: str
    metric: str
    way: Way
    before: float
    value: float


def way_of(metric: str) -> Way | None:
    """Return which way a metric is better, by its name; None: it is not judged."""
    if _LOWER().search(metric):
        return "lower"
    return "higher" if _HIGHER().search(metric) else None


def spreads(
    workspace: Workspace, project: str, experiment: str, before_ms: int
) -> dict[str, _Spread]:
    """Return by metric the least and most that runs of an experiment had that ended by then."""
    rows = workspace.query(_BEFORE, (project, experiment, before_ms, before_ms))
    return {name: (least, most) for name, least, most in rows}


def bests(
    workspace: Workspace, since_ms: int, until_ms: int, *, rows_max: int = ROWS_MAX
) -> Iterator[Best]:
    """Yield the last run in a span that moved a best value, for each metric of an experiment.

    Args:
        workspace: with its tables up to date.
        since_ms: the beginning of the span, in Unix milliseconds; `until_ms` its end.
        until_ms: see `since_ms`.
        rows_max: metrics of runs that are looked at.
    """
    rows = workspace.query(_METRICS, (since_ms, until_ms, rows_max))
    start_ms = since_ms
    if len(rows) == rows_max:  # of the oldest run some metrics may be missing
        start_ms = rows[-1][3] + 1
        rows = [row for row in rows if row[3] >= start_ms]
    top: dict[tuple[str, str, str], tuple[float, float | None, tuple[Any, ...]]] = {}
    known: dict[tuple[str, str], dict[str, _Spread]] = {}
    for row in reversed(rows):
        *_, project, experiment, metric, low, high = row
        way = way_of(metric)
        value = low if way == "lower" else high
        if way is None or value is None:
            continue
        key = (project, experiment, metric)
        if key not in top:
            if key[:2] not in known:
                known[key[:2]] = spreads(workspace, project, experiment, start_ms)
            before = known[key[:2]].get(metric, (None, None))[0 if way == "lower" else 1]
            start = value if before is None else before  # the first of all is what counts
            top[key] = (start, start, ())
        found, before, _ = top[key]
        if value < found if way == "lower" else value > found:
            top[key] = (value, before, row)
    for (project, _, metric), (value, before, row) in top.items():
        way = way_of(metric)
        if row and before is not None and way is not None:
            run, name, member, ended_ms = row[:4]
            yield Best(run, name, member, ended_ms, project, metric, way, before, value)
