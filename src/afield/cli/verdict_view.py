"""How a verdict is shown: the word first, then every part with its own, then the first cause.

Drawn from the `afield.reproduction/1` document; judges nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from rich.console import RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from afield.cli import words
from afield.cli.arguments import short
from afield.cli.screen import VERDICT_STYLES, styled

MEANINGS = {
    "identical": "it came out the same",
    "equivalent": "it came out the same, within the tolerance",
    "incomplete": "something could not be restored or seen",
    "diverged": "it came out otherwise",
}
GRADES = {
    "identical bytes": ("✓", "green"),
    "identical content": ("✓", "green"),
    "identical": ("✓", "green"),
    "within tolerance": ("≈", "green"),
    "not checked": ("?", "yellow"),
    "diverged": ("✗", "red"),
    "missing": ("✗", "red"),
}
LINES_MAX = 12
EVIDENCE_MAX = 8
REASONS_MAX = 5


def verdict_page(report: dict[str, Any], names: tuple[str, str | None]) -> Iterator[RenderableType]:
    """Yield what is printed for a reproduction; `names` are those of the two runs."""
    verdict = report["verdict"]
    style = VERDICT_STYLES[verdict]
    head = Text()
    head.append(f" {verdict} ", style=f"{style} reverse")
    head.append(f"  {MEANINGS[verdict]}", style=style)
    yield Text()
    yield head
    about = f"{names[0]} ({short(report['run'])})"
    if report["new_run"]:
        about += f", repeated as {names[1]} ({short(report['new_run'])})"
    yield styled(about, "dim")
    if report["new_run"]:
        yield Text()
        yield Padding(_parts(report), (0, 0, 0, 1))
    cause = report.get("cause")
    if cause:
        yield Text()
        line = Text("first cause: ", style="bold")
        line.append_text(styled(f"{cause['kind']}: {cause['detail']}"))
        yield line
        for text in list(cause.get("evidence", ()))[:EVIDENCE_MAX]:
            if text != cause["detail"]:
                yield Padding(styled(text, "dim"), (0, 0, 0, 2))
    if found := report.get("bisection"):
        line = Text("bisection: ", style="bold")
        line.append_text(
            styled(found["detail"], {True: "green", False: "yellow"}.get(found["explains"], ""))
        )
        yield line
    reasons = report.get("reasons", ())
    for reason in reasons[:REASONS_MAX]:
        yield styled(f"note: {reason}", "yellow" if verdict == "incomplete" else "dim")
    if len(reasons) > REASONS_MAX:
        yield styled(f"and {len(reasons) - REASONS_MAX} more notes (--json)", "dim")


def _parts(report: dict[str, Any]) -> Table:
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    table.add_column(no_wrap=True)
    table.add_column(style="dim", overflow="fold")
    for name in ("exit", "console"):
        found = report.get(name)
        if found:
            _add(table, name if name == "console" else _exit_words(found), found)
    for found in _worst_first(report["metrics"]):
        _add(table, _metric_words(found), found)
    _rest(table, report["metrics"], "metric")
    for found in _worst_first(report["outputs"]):
        _add(table, found["path"], found)
    _rest(table, report["outputs"], "output")
    return table


def _add(table: Table, label: str, found: dict[str, Any]) -> None:
    mark, style = GRADES.get(found["verdict"], ("?", "yellow"))
    how = found.get("canonicaliser")
    detail = found.get("detail") or ""
    if how and how != "bytes" and found["verdict"] != "identical bytes":
        detail = f"{how}{': ' if detail else ''}{detail}"
    table.add_row(
        styled(mark, style), styled(label), styled(found["verdict"], style), styled(detail)
    )


def _exit_words(found: dict[str, Any]) -> str:
    old, new = found["recorded"], found["reproduced"]
    return f"exit code {old}" if old == new else f"exit code {old} → {new}"


def _metric_words(found: dict[str, Any]) -> str:
    old, new = words.number(found["recorded"]), words.number(found["reproduced"])
    return f"{found['name']} {old}" if old == new else f"{found['name']} {old} → {new}"


def _worst_first(parts: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    order = {word: rank for rank, word in enumerate(reversed(GRADES))}
    return sorted(parts, key=lambda found: order.get(found["verdict"], 0))[:LINES_MAX]


def _rest(table: Table, parts: Sequence[dict[str, Any]], noun: str) -> None:
    if len(parts) > LINES_MAX:
        rest = words.count(len(parts) - LINES_MAX, noun)
        table.add_row("", styled(f"and {rest} more (--json)", "dim"), "", "")
