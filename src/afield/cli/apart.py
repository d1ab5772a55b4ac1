"""What two people changed apart, in words. Nothing here decides who is right."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from afield.cli import words
from afield.cli.output import plain
from afield.workspace.apart_documents import apart_parts

if TYPE_CHECKING:
    from afield.workspace.disagreements import Disagreement
    from afield.workspace.workspace import Workspace

SHOWN_MAX = 8
_VALUE_CHARS_MAX = 60


def in_words(one: dict[str, Any], now: datetime) -> str:
    """Say a disagreement: `tag model: net (Bob, 5 min ago); tree (Ann, 2 d ago)`."""
    sides = [
        f"{_value(side['value'])} ({plain(side['by'])}, {words.ago(side['at'], now)})"
        for side in one["sides"]
    ]
    return f"{plain(one['field'])}: {'; '.join(sides)}"


def tell_apart(workspace: Workspace, new: Sequence[Disagreement]) -> None:
    """Say on stderr what turned out to have been changed on both sides."""
    now = datetime.fromtimestamp(workspace.record.now_ms() / 1000, UTC)
    for one in apart_parts(workspace, new[:SHOWN_MAX]):
        text = f"changed on both sides: {_subject(workspace, one['about'])}: {in_words(one, now)}"
        click.secho(text, fg="yellow", err=True)
    if len(new) > SHOWN_MAX:
        click.echo(f"… and {len(new) - SHOWN_MAX} more (--json)", err=True)
    if new:
        hint = "the first stands; whoever sets it again settles it"
        click.echo(f"{click.style('hint', fg='cyan')}: {hint}", err=True)


def _subject(workspace: Workspace, about: str) -> str:
    rows = workspace.query("SELECT name FROM runs WHERE id = ?", (about,))
    return f"run {plain(rows[0][0] or '')} ({about[:8]})" if rows else f"data {plain(about)}"


def _value(value: str | None) -> str:
    if value is None:
        return "cleared"
    line = plain(value.partition("\n")[0])
    return line if len(line) <= _VALUE_CHARS_MAX else line[: _VALUE_CHARS_MAX - 1] + "…"
