"""Stand-ups, digests and turns on call as people read them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from afield.cli.output import plain
from afield.cli.when import when

if TYPE_CHECKING:
    from afield.workspace.team.digest import Digest
    from afield.workspace.team.standup_drafts import Prefill
    from afield.workspace.workspace import Workspace

_HEADS = (("state", "state"), ("next", "next"), ("decided", "decided"), ("stuck", "stuck"))
_WHY = {"leave": "on leave", "day off": "a day off"}
_ID_CHARS = 8
_ROW_CHARS = 100


def standup_lines(part: dict[str, Any], now: datetime) -> Iterator[str]:
    """Yield the lines of a stand-up."""
    said = when(part["written_ms"], now)
    yield plain(f"{part['by']}, {part['day']} ({part['slot']}), written {said}")
    if part["unchanged"]:
        yield "  nothing changed"
    for name, head in _HEADS:
        lines = (part[name] or "").splitlines()
        if lines:
            yield f"  {head}"
            yield from (plain(f"    {line}") for line in lines)
    for link in part["raised"]:
        sort, _, id_ = link.partition(":")
        yield plain(f"  raised {part['labels'][link]}   (afield {sort} show {id_[:_ID_CHARS]})")


def prefill_lines(found: Prefill) -> Iterator[str]:
    """Yield the lines of a stand-up that is not written yet."""
    source = "as you said it" if found.written else "as the record has it"
    yield f"{found.day} ({found.slot}), {source}"
    for name, head in _HEADS:
        lines = getattr(found, name).splitlines()
        yield f"  {head}{'' if lines else ': nothing'}"
        yield from (plain(f"    {line}") for line in lines)


def standup_row(part: dict[str, Any]) -> str:
    """Return one line for a stand-up: whose, of when, and how it begins."""
    words = [(head, (part[name] or "").splitlines()) for name, head in _HEADS]
    said = [f"{head}: {lines[0].removeprefix('- ')}" for head, lines in words if lines]
    text = "nothing changed" if part["unchanged"] else "; ".join(said)
    cut = text if len(text) <= _ROW_CHARS else f"{text[:_ROW_CHARS]}…"
    return plain(f"{part['id'][:_ID_CHARS]}  {part['day']} {part['slot']:7}  {part['by']}  {cut}")


def digest_lines(workspace: Workspace, found: Digest, now: datetime) -> Iterator[str]:
    """Yield the lines of a digest."""
    from afield.cli.team_view import letter_lines

    if found.needs:
        yield "needs you"
        for one in found.needs:
            yield from letter_lines(workspace, one, now, indent=2)
    for part in found.standups:
        yield ""
        yield from standup_lines(part, now)
        if part["yours"]:
            names = ", ".join(part["labels"][link] for link in part["yours"])
            yield plain(f"  tells of what is yours: {names}")
    if found.silent:
        yield ""
    for silent in found.silent:
        last = f"; last word {when(silent.last_ms, now)}" if silent.last_ms is not None else ""
        back = f", works {when(silent.back_ms, now)}" if silent.back_ms is not None else ""
        name = workspace.name_of(silent.member)
        yield plain(f"no word from {name}: {_WHY.get(silent.why, silent.why)}{back}{last}")
    if not (found.needs or found.standups or found.silent):
        yield "nothing needs you, and nobody else is on the team yet"


def turn_lines(workspace: Workspace, parts: Sequence[dict[str, Any]], now: datetime) -> list[str]:
    """Return one line for each turn on call."""
    return [
        plain(
            f"{part['id'][:_ID_CHARS]}  {workspace.name_of(part['author'])}"
            f"  {when(part['from'], now)} to {when(part['until'], now)}"
        )
        for part in parts
    ]
