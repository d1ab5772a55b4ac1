"""Reviews as people read them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from afield.cli.output import plain
from afield.cli.when import when

_ID_CHARS = 8


def review_row(part: dict[str, Any]) -> str:
    """Return a review as one line."""
    contested = ", contested" if part["contested"] else ""
    return plain(f"{part['id'][:_ID_CHARS]}  {part['state']}{contested}  {part['title']}")


def review_lines(part: dict[str, Any], now: datetime) -> Iterator[str]:
    """Yield the lines of a review."""
    yield review_row(part)
    yield plain(f"  asked by {part['by']}: {part['what']} {part['labels'].get(part['about'])}")
    if part["against"]:
        yield plain(f"  against {part['labels'][part['against']]}")
    if part["detail"]:
        yield from (f"    {plain(line)}" for line in part["detail"].splitlines())
    for one in part["asked"]:
        state = one["verdict"] or f"due {when(one['due_ms'], now)}"
        late = ", overdue" if one["overdue"] else ""
        away = f", away until {when(one['starts_ms'], now)}" if one["away"] else ""
        yield plain(f"  {one['name']}: {state}{late}{away}")
        if one["away"]:
            yield f"    hint: afield review pass {part['id'][:_ID_CHARS]} --from {one['member']}"
    for one in part["verdicts"]:
        text = f": {one['text']}" if one["text"] else ""
        evidence = f" ({one['evidence']})" if one["evidence"] else ""
        yield plain(f"  {one['verdict']} by {one['name']}{evidence}{text}")
    for move in part["moves"]:
        if move["move"] == "commented" and move.get("text"):
            anchor = f" at {move['anchor']}" if move.get("anchor") else ""
            yield plain(f"  {move['by']}{anchor}: {move['text']}")
    if part["contested"]:
        yield "  some are for it and some against: their verdicts stand side by side"
