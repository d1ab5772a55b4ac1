"""Tasks as people read them: a line each, one with its parts, the matrix, the six of a day."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from afield.cli.output import plain
from afield.cli.when import when

_ID_CHARS = 8
_TITLES = {
    "do": "urgent and important: do",
    "plan": "important: plan",
    "pass on": "urgent: pass on",
    "drop": "neither: drop",
}


def task_row(part: dict[str, Any], now: datetime) -> str:
    """Return a task as one line."""
    owner = f"  {part['owner_name']}" if part["owner_name"] else ""
    due = f"  due {when(part['due'], now)}" if part["due"] is not None else ""
    return plain(f"{part['id'][:_ID_CHARS]}  {part['state']:<7}  {part['title']}{owner}{due}")


def task_lines(part: dict[str, Any], now: datetime) -> Iterator[str]:
    """Yield the lines of a task."""
    yield task_row(part, now)
    if part["detail"]:
        yield from (f"    {plain(line)}" for line in part["detail"].splitlines())
    if part["part_of"]:
        yield plain(f"  part of {part['labels'][part['part_of']]}")
    for link in part["about"]:
        yield plain(f"  about {part['labels'][link]}")
    for one in part["parts"]:
        yield f"  part {one['id'][:_ID_CHARS]}, {one['state']}"
    for move in part["moves"]:
        if move.get("text"):
            yield plain(f"  {move['by']} {move['move']}: {move['text']}")


def matrix_lines(found: Mapping[str, Sequence[dict[str, Any]]], now: datetime) -> Iterator[str]:
    """Yield the lines of the matrix."""
    for name, title in _TITLES.items():
        yield title
        yield from (f"  {task_row(one, now)}" for one in found[name])
        if not found[name]:
            yield "  nothing"


def six_lines(found: Sequence[dict[str, Any]], day: str, now: datetime) -> Iterator[str]:
    """Yield the lines of a day."""
    yield f"for {day}" if found else f"nothing for {day} yet: afield task six TASK…"
    yield from (f"  {place}. {task_row(one, now)}" for place, one in enumerate(found, 1))
