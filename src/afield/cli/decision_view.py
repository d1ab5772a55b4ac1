"""Decisions as people read them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from afield.cli.output import plain
from afield.cli.when import when

_PROSE = ("context", "drivers", "options", "outcome", "consequences", "confirmation")
_ID_CHARS = 8


def decision_row(part: dict[str, Any]) -> str:
    """Return a decision as one line."""
    review = f"  review {part['review']}" if part["review"] else ""
    way = "  one-way" if part["way"] == "one-way" else ""
    return plain(f"{part['id'][:_ID_CHARS]}  {part['state']:<10}  {part['title']}{way}{review}")


def decision_lines(part: dict[str, Any], now: datetime) -> Iterator[str]:
    """Yield the lines of a decision."""
    yield decision_row(part)
    yield plain(f"  by {part['by']} in {part['project']}, {part['way']}")
    for name in ("deciders", "consulted", "informed"):
        if part[name]:
            yield plain(f"  {name}: {', '.join(part['names'][one] for one in part[name])}")
    for name in _PROSE:
        if part[name]:
            yield f"  {name}"
            yield from (f"    {plain(line)}" for line in part[name].splitlines())
    for name in ("evidence", "supersedes"):
        for link in part[name]:
            yield plain(f"  {name}: {part['labels'][link]}")
    yield from _said(part, now)


def _said(part: dict[str, Any], now: datetime) -> Iterator[str]:
    """Yield what became of it, and who said what."""
    for link in part["superseded_by"]:
        yield f"  superseded by {link}"
    for one in part["windows"]:
        said = "has said something" if one["spoke"] else f"until {when(one['closes_ms'], now)}"
        yield plain(f"  comments: {one['name']} {said}{'' if one['open'] else ', closed'}")
    for one in part["settled_otherwise"]:
        text = f": {one['text']}" if one.get("text") else ""
        yield plain(f"  {one['by']} settled it otherwise, as {one['outcome']}{text}")
    for move in part["moves"]:
        if move.get("text"):
            yield plain(f"  {move['by']} {move['move']}: {move['text']}")
