"""A handover as a document: its lines in words, who is to take it, and how it went."""

from __future__ import annotations

from typing import Any

from afield.kernel.ids import MemberId
from afield.teamwork.handover import (
    SURPRISE_MS,
    Line,
    contested,
    escalation,
    handover_standing,
    lines,
    measures,
    missing,
    offered,
    open_questions,
)
from afield.teamwork.query import Item
from afield.workspace.team.hours import hours_of
from afield.workspace.team.items import item_part, words_of
from afield.workspace.team.links import label_of
from afield.workspace.team.oncall import oncall_at
from afield.workspace.team.readiness import readiness
from afield.workspace.team.staffing import unstaffed
from afield.workspace.workspace import Workspace

_WORDS = ("facts", "assessment", "condition", "when", "then")


def handover_part(workspace: Workspace, item: Item) -> dict[str, Any]:
    """Return a handover as a document."""
    standing = handover_standing(item)
    is_draft, is_role = standing.state == "draft", item.get("kind") == "role"
    part = item_part(workspace, item)
    people = [one for one in (item.get("to"), item.get("backup")) if one]
    found = lines(item)
    now_ms = workspace.record.now_ms()
    waits = escalation(item, now_ms, oncall_at(workspace, now_ms))
    is_open = standing.state in ("offered", "questioned", "partly")
    links = [*item.get("about"), *(one.get("about") for one in found if one.get("about"))]
    return {
        **part,
        "state": standing.state,
        "lines": [_line_part(workspace, one) for one in found],
        "stage": waits.stage if is_open else None,
        "waits_for": list(waits.members) if is_open else [],
        "questions": [
            {"by": one.member, "at_ms": one.at_ms, "text": words_of(workspace, one.values["text"])}
            for one in open_questions(item)
        ],
        "contested": [one.number for one in contested(item)],
        "unstaffed": [
            {"start_ms": one.start_ms, "end_ms": one.end_ms} for one in unstaffed(workspace, item)
        ]
        if is_draft
        else [],
        "readiness": [
            one._asdict() for one in readiness(workspace, item.get("about"), part["rollback"] or "")
        ]
        if is_role
        else [],
        "measures": _measures(workspace, item) if offered(item) is not None else None,
        "labels": {link: label_of(workspace, link) for link in dict.fromkeys(links)},
        "names": {
            member: workspace.name_of(member) for member in {*people, *item.people, *waits.members}
        },
    }


def _line_part(workspace: Workspace, line: Line) -> dict[str, Any]:
    words = {name: words_of(workspace, line.get(name)) or None for name in _WORDS}
    call = line.get("call")
    return {
        "number": line.number,
        "place": line.place,
        "severity": line.severity,
        "topic": line.get("topic"),
        "about": line.get("about"),
        **words,
        "call": call,
        "call_name": None if call is None else workspace.name_of(call),
        "until_ms": line.get("until"),
        "missing": list(missing(line)),
        "state": line.state,
        "by": None if line.by is None else line.by.member,
        "accepted_by": [one.member for one in line.accepted],
    }


def _measures(workspace: Workspace, item: Item) -> dict[str, Any]:
    hours = hours_of(workspace, MemberId(item.get("to") or item.author))
    return measures(item, hours, len(_failed_after(workspace, item)))._asdict()


def _failed_after(workspace: Workspace, item: Item) -> list[str]:
    """Return the sender's runs that failed soon after the acceptance and were on no line."""
    accepted = item.did("accepted")
    if not accepted:
        return []
    start_ms = accepted[0].at_ms
    sql = (
        "SELECT id FROM runs WHERE member = ? AND status IN ('failed', 'killed')"
        " AND ended_ms >= ? AND ended_ms < ? AND deleted IS NOT TRUE AND reproduces IS NULL"
    )
    rows = workspace.query(sql, (item.author, start_ms, start_ms + SURPRISE_MS))
    told = {one.get("about") for one in lines(item)}
    return [run for (run,) in rows if f"run:{run}" not in told]
