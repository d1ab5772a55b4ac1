"""Which columns the table of runs has, and which of them fit the terminal.

Works on the rows of `afield.runs/1`; draws nothing and asks nobody.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from afield.cli import words
from afield.cli.arguments import short
from afield.kernel.errors import Usage

CELL_WIDTH_MAX = 28
GAP = 2
VARYING_MAX = 40
"""Params and metrics looked at when the columns choose themselves."""

ATTRIBUTES = (
    *("id", "name", "status", "started", "ended", "duration", "project", "experiment"),
    *("exit_code", "verdict", "reproduces", "user", "host", "branch", "commit", "python"),
    *("exception", "failure"),
)
_WORDED: dict[str, Callable[[Any], str]] = {
    "id": short,
    "reproduces": short,
    "duration": words.duration,
    "commit": lambda value: str(value)[:7],
}
_KINDS = ("params", "metrics", "tags")
_OF_TOOLS = ("mlflow.", "afield.", "system.")
"""How names begin that MLflow and W&B make themselves: columns only when they are asked for."""
PARTS = ("last", "min", "max", "mean", "count")


@dataclass(frozen=True, slots=True)
class Column:
    """A column: the field it shows, its title, and its cell of every row."""

    field: str
    title: str
    cells: tuple[str, ...]

    @property
    def width(self) -> int:
        """The columns of a terminal that it takes."""
        return min(CELL_WIDTH_MAX, max(map(len, (self.title, *self.cells))))

    @property
    def is_number(self) -> bool:
        """Whether it is aligned to the right."""
        if self.field.startswith("params."):
            return all(_is_number(text) for text in self.cells if text)
        return self.field.startswith("metrics.") or self.field in {"duration", "exit_code"}


def chosen(fields: Sequence[str], rows: Sequence[dict[str, Any]], now: datetime) -> list[Column]:
    """Return the columns that a person named.

    Raises:
        Usage: a name is no field.
    """
    hint = "afield runs --columns id,name,status,params.lr,metrics.acc,tags.stage"
    if not fields:
        raise Usage("no columns to show", hint=hint)
    for field in fields:
        if field not in ATTRIBUTES and field.partition(".")[0] not in _KINDS:
            from difflib import get_close_matches

            known = [
                f"{kind}.{field}" for kind in _KINDS if any(field in row[kind] for row in rows)
            ]
            near = known or get_close_matches(field, ATTRIBUTES, n=1)
            why = f"did you mean `{near[0]}`?" if near else "no such field"
            raise Usage("cannot show column", field, why, hint=hint)
    return [column(field, rows, now, title=field) for field in fields]


def fitting(
    rows: Sequence[dict[str, Any]], now: datetime, width: int
) -> tuple[list[Column], list[str]]:
    """Return the columns that fit a width, in the order shown, and the fields that did not."""
    shown = [column(field, rows, now) for field in ("id", "name", "status", "started")]
    room = width - sum(found.width + GAP for found in shown)
    order = {found.field: index for index, found in enumerate(shown)}
    left_out = []
    for rank, field in _by_worth(rows):
        found = column(field, rows, now)
        if not any(found.cells):
            continue
        if found.width + GAP <= room:
            room -= found.width + GAP
            order[field] = rank
            shown.append(found)
        else:
            left_out.append(field)
    return sorted(shown, key=lambda found: order[found.field]), left_out


def column(
    field: str, rows: Sequence[dict[str, Any]], now: datetime, *, title: str | None = None
) -> Column:
    """Return a field's column."""
    kind, _, name = field.partition(".")
    short_title = name if kind in _KINDS else field
    return Column(field, title or short_title, tuple(cell(row, field, now) for row in rows))


def cell(row: dict[str, Any], field: str, now: datetime) -> str:
    """Return what a field's cell says in a row; empty when the run has none."""
    value = lookup(row, field)
    if value is None:
        return ""
    if field == "status":
        code = f" ({row['exit_code']})" if row["exit_code"] else ""
        return f"{value}{code}{', deleted' if row['deleted'] else ''}"
    if field in {"started", "ended"}:
        return words.ago(value, now)
    return _WORDED.get(field, words.number)(value)


def lookup(row: dict[str, Any], field: str) -> Any:
    """Return a field's value: `metrics.acc` is its last, `metrics.acc.max` its largest."""
    if field == "duration":
        return row["duration_s"]
    kind, _, name = field.partition(".")
    if kind == "metrics":
        metrics = row["metrics"]
        if name in metrics:
            return metrics[name]["last"]
        rest, _, part = name.rpartition(".")
        return metrics[rest][part] if rest in metrics and part in PARTS else None
    if kind in {"params", "tags"}:
        return row[kind].get(name)
    return row.get(field)


def _by_worth(rows: Sequence[dict[str, Any]]) -> list[tuple[int, str]]:
    """Return optional fields, the most telling first, each with its rank in the order shown."""
    metrics = _names(rows, "metrics")
    params = _names(rows, "params")
    varying = [
        name for name in params if len({_fixed(row["params"].get(name)) for row in rows}) > 1
    ]
    same = [name for name in params if name not in varying]
    ranked = [(900, "verdict"), (910, "reproduces")]
    if len({row["project"] for row in rows}) > 1:
        ranked.append((100, "project"))
    if len({row["experiment"] for row in rows}) > 1:
        ranked.append((110, "experiment"))
    named = [(300 + i, f"params.{name}") for i, name in enumerate(varying)]
    measured = [(500 + i, f"metrics.{name}") for i, name in enumerate(metrics)]
    ranked += [pair for both in zip(named, measured, strict=False) for pair in both]
    common = min(len(named), len(measured))
    ranked += [*named[common:], *measured[common:], (200, "duration")]
    ranked += [(400 + i, f"params.{name}") for i, name in enumerate(same)]
    return ranked + [(700 + i, f"tags.{name}") for i, name in enumerate(_names(rows, "tags"))]


def _names(rows: Sequence[dict[str, Any]], kind: str) -> list[str]:
    """Return the names of params, metrics or tags, those of most rows first; no tool's own."""
    found = Counter(name for row in rows for name in row[kind] if not name.startswith(_OF_TOOLS))
    return [name for name, _ in found.most_common(VARYING_MAX)]


def _fixed(value: object) -> str:
    return repr(value)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
