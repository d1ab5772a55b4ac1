"""How a failure is drawn: what broke, where, who had it before, and what helped.

Drawn from the field `failure` of the `afield.run/1` document, and from nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from rich.console import Group, RenderableType

from afield.cli import words
from afield.cli.arguments import short
from afield.cli.output import plain
from afield.cli.screen import styled

NOTES_SHOWN_MAX = 3
NOTE_LINES_MAX = 12
_MESSAGE_LINES_MAX = 4


def failure_rows(run: dict[str, Any], now: datetime) -> Iterator[tuple[str, RenderableType]]:
    """Yield the rows of a failed run's page that tell of its failure."""
    found = run["failure"]
    if found is None:
        return
    yield "failed", Group(*(styled(line, "red") for line in _headline(found)))
    if found["where"]:
        yield "", styled(f"in {words.place(found['where'])}")
    yield "", styled(before_words(found, now), "" if found["before"] else "dim")
    for note, of in _notes(found):
        lines = note["text"].splitlines()
        shown = [styled(line) for line in lines[:NOTE_LINES_MAX]]
        if len(lines) > NOTE_LINES_MAX:
            shown.append(styled(f"… (afield show {short(of['run'])})", "dim"))
        told = f"{plain(note['by'])} on {short(of['run'])}, {words.ago(note['at'], now)}"
        yield "noted then", Group(*shown, styled(told, "dim"))
    if found["solved_by"]:
        yield "", styled(solved_words(found, run["id"]), "green")


def before_words(found: dict[str, Any], now: datetime) -> str:
    """Say how often the same failure happened before, and to whom last."""
    times, named = found["times_before"], f"(failure {found['fingerprint']})"
    if not times or not found["before"]:
        return f"not seen before {named}"
    last = found["before"][0]
    often = "once" if times == 1 else f"{times:,} times"
    when = words.ago(last["started"], now)
    return (
        f"the same failure happened {often} before: last in {plain(last['name'])}"
        f" ({short(last['run'])}) by {plain(last['user'])}, {when} {named}"
    )


def solved_words(found: dict[str, Any], run: str) -> str:
    """Say which later run of the same script succeeded, and how to see what was changed."""
    solved = found["solved_by"]
    whose = "" if solved["failed"] == run else f" {short(solved['failed'])}"
    return (
        f"after{whose or ' it'}, {plain(solved['name'])} by {plain(solved['user'])} succeeded:"
        f" afield compare {short(solved['failed'])} {short(solved['run'])}"
    )


def _headline(found: dict[str, Any]) -> list[str]:
    message = found["message"] or ""
    lines = message.splitlines()[:_MESSAGE_LINES_MAX]
    return [": ".join([found["exception"], *lines[:1]]), *lines[1:]]


def _notes(found: dict[str, Any]) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """Return the notes left on earlier runs, those of the last run first."""
    notes = [(note, of) for of in found["before"] for note in reversed(of["notes"])]
    return notes[:NOTES_SHOWN_MAX]
