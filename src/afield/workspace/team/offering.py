"""Handing over: what has to be said first, and by when it is to be taken."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from afield.kernel.ids import MemberId
from afield.teamwork.errors import MoveRefused
from afield.teamwork.handover import lines, missing
from afield.teamwork.query import Item
from afield.teamwork.sorts.handover import HANDOVER, OFFERED
from afield.workspace.team.due import due_ms
from afield.workspace.team.handovers import check_draft
from afield.workspace.team.hours import hours_of
from afield.workspace.team.items import Writing, find_item, words_of
from afield.workspace.team.readiness import readiness
from afield.workspace.team.staffing import Gap, unstaffed
from afield.workspace.workspace import Workspace

ACCEPT_WITHIN = "60m"
"""Of the receiver's working time, where nothing else is said; then as much of the backup's."""

_ACCEPT_MINUTES = 60
_SHOWN = 8


def offer(
    workspace: Workspace,
    item: Item,
    *,
    due: str | None = None,
    values: Mapping[str, Any] | None = None,
    by: MemberId | None = None,
) -> Item:
    """Hand it over; from now on no line changes.

    Args:
        workspace: where.
        item: a draft.
        due: by when it is to be accepted, in the receiver's working time.
        values: fields to set before: `safe_state`, `summary`, `despite` and so on.
        by: on whose behalf, when not this device's member.

    Raises:
        MoveRefused: a line that needs care says not what to do, nobody works for a while and no
            safe state is named, or what changes hands for good is not ready and nothing says why.
    """
    check_draft(workspace, item, by)
    to, backup = MemberId(item.get("to")), item.get("backup")
    given = {name: value for name, value in (values or {}).items() if value is not None}
    _check_filled(item)
    _check_staffed(workspace, item, given)
    _check_ready(workspace, item, given)
    by_ms = due_ms(workspace, to, due or ACCEPT_WITHIN)
    told = {**given, "due": by_ms}
    if backup is not None and by_ms is not None:
        hours = hours_of(workspace, MemberId(backup))
        told["backup_due"] = hours.add_working(by_ms, _ACCEPT_MINUTES)
    writing = Writing(workspace, by=by)
    writing.change(item, told)
    writing.move(HANDOVER, item.id, OFFERED, {})
    writing.done()
    return find_item(workspace, HANDOVER, item.id)


def _check_filled(item: Item) -> None:
    if not lines(item) and item.get("kind") == "shift" and not item.get("summary"):
        hint = f'afield handover add {item.id[:_SHOWN]} "nothing is under way"'
        raise MoveRefused("nothing is handed over", item.id[:_SHOWN], "it has no line", hint=hint)
    lacking = [(one, missing(one)) for one in lines(item) if missing(one)]
    if not lacking:
        return
    line, what = lacking[0]
    said = "; ".join(f"line {one.number} ({one.severity}) lacks {', '.join(parts)}"
                     for one, parts in lacking)  # fmt: skip
    options = " ".join(f'--{name} "…"' if name != "call" else "--call WHO" for name in what)
    hint = f"afield handover fill {item.id[:_SHOWN]} {line.number} {options}"
    raise MoveRefused("cannot hand over yet", item.id[:_SHOWN], said, hint=hint)


def _check_staffed(workspace: Workspace, item: Item, given: Mapping[str, Any]) -> None:
    needs_care = [
        one for one in lines(item) if one.severity != "stable" or one.get("topic") == "running"
    ]
    if not needs_care or given.get("safe_state") or item.get("safe_state"):
        return
    gaps = unstaffed(workspace, item)
    if gaps:
        why = f"nobody who has a part in it works {_gap_words(workspace, item, gaps[0])}"
        hint = (
            f'afield handover offer {item.id[:_SHOWN]} --safe-state "stop the run; nothing is lost"'
        )
        raise MoveRefused("cannot hand over without a safe state", item.id[:_SHOWN], why, hint=hint)


def _gap_words(workspace: Workspace, item: Item, gap: Gap) -> str:
    hours = hours_of(workspace, MemberId(item.author))
    start, end = hours.local(gap.start_ms), hours.local(gap.end_ms)
    return f"from {start:%a %H:%M} to {end:%a %H:%M} ({start:%Z})"


def _check_ready(workspace: Workspace, item: Item, given: Mapping[str, Any]) -> None:
    if item.get("kind") != "role" or given.get("despite") or item.get("despite"):
        return
    rollback = given.get("rollback") or words_of(workspace, item.get("rollback"))
    bad = [one for one in readiness(workspace, item.get("about"), rollback) if not one.good]
    if bad:
        said = "; ".join(f"{f'{one.name} {one.about}'.strip()}: {one.why}" for one in bad)
        hint = f"{bad[0].hint}; or say --despite WHY"
        raise MoveRefused("is not ready to change hands", item.id[:_SHOWN], said, hint=hint)
