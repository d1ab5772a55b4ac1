"""Meetings: called in everybody's time, noted, and read by who was not there."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from afield.kernel.errors import NotFound
from afield.kernel.ids import MemberId
from afield.teamwork.errors import ItemBad, MoveRefused
from afield.teamwork.events import id_about
from afield.teamwork.meeting import came, meeting_standing, outcome_of, to_read
from afield.teamwork.query import Item, items_of, read
from afield.teamwork.sorts.decision import DECISION
from afield.teamwork.sorts.meeting import CAME, CANCELLED, MEETING, READ
from afield.teamwork.sorts.task import TASK
from afield.workspace.team.due import due_ms, instant_ms
from afield.workspace.team.hours import calendar_of
from afield.workspace.team.items import Writing, find_item, item_part
from afield.workspace.team.links import label_of
from afield.workspace.team.people import find_member
from afield.workspace.workspace import Workspace

LONGEST_MS = 24 * 3_600_000
_MINUTE_MS = 60_000


def call_meeting(
    workspace: Workspace,
    title: str,
    from_ms: int,
    until_ms: int,
    attendees: Sequence[MemberId],
    *,
    agenda: str = "",
    about: Sequence[str] = (),
    by: MemberId | None = None,
) -> Item:
    """Call a meeting.

    Args:
        workspace: where.
        title: what it is about, on one line.
        from_ms: when it begins, and `until_ms` when it ends, in Unix milliseconds.
        until_ms: see `from_ms`.
        attendees: who is asked to come; who calls it comes by that.
        agenda: what is talked about.
        about: links to what it is about.
        by: on whose behalf, when not this device's member.

    Raises:
        ItemBad: it has no title, ends before it begins, or takes longer than a day.
    """
    if not title.strip():
        raise ItemBad("a meeting about nothing", hint='afield meeting "The split" --with ada')
    if not from_ms < until_ms <= from_ms + LONGEST_MS:
        raise ItemBad("not a time to meet", f"{from_ms}..{until_ms}", "at most a day, forwards")
    writing = Writing(workspace, by=by)
    values = {
        "title": title,
        "from": from_ms,
        "until": until_ms,
        "attendees": [one for one in dict.fromkeys(attendees) if one != writing.member],
        "agenda": agenda,
        "about": list(about),
    }
    item = writing.make(MEETING, values)
    writing.done()
    return find_item(workspace, MEETING, item)


def meant_ms(
    workspace: Workspace, member: MemberId, at: str, minutes: int, *, held: bool = False
) -> tuple[int, int]:
    """Return when a meeting begins and ends that a member says by their wall clock.

    Args:
        workspace: where.
        member: who says so.
        at: `2026-12-01T15:00`.
        minutes: how long it takes.
        held: it was held already, and is to have notes.

    Raises:
        ItemBad: it is no time, or, unless it was held, it is over.
    """
    start_ms = instant_ms(workspace, member, at)
    end_ms = start_ms + minutes * _MINUTE_MS
    if end_ms <= workspace.record.now_ms() and not held:
        why = "it would be over already"
        hint = f'if it was held: afield meeting "The split" --at {at} --held'
        raise ItemBad("cannot call a meeting", at, why, hint=hint)
    return start_ms, end_ms


def note_meeting(
    workspace: Workspace,
    item: Item,
    notes: str,
    *,
    present: Sequence[MemberId] = (),
    must_read: bool = True,
    by: MemberId | None = None,
) -> Item:
    """Write what came of a meeting; its tasks and decisions become tasks and decisions.

    Notes may be given again: what they raised before is there already and not raised twice.

    Args:
        workspace: where.
        item: the meeting.
        notes: Markdown; see `teamwork.meeting` for what raises something.
        present: who was there; who writes was.
        must_read: it waits for everybody else who was asked, until they have read it.
        by: on whose behalf, when not this device's member.

    Raises:
        ItemBad: nothing is said, or a task is for nobody who is known.
        MoveRefused: it was cancelled.
    """
    if not notes.strip():
        raise ItemBad("nothing is noted", item.id[:8])
    if meeting_standing(item, workspace.record.now_ms()).state == "cancelled":
        raise MoveRefused("cannot note", item.id[:8], "the meeting was cancelled")
    writing = Writing(workspace, by=by)
    raised = _raise(workspace, writing, item, notes)
    writing.change(item, {"notes": notes, "must_read": must_read, "raised": raised})
    there = list(dict.fromkeys([writing.member, *present]))
    if set(there) - came(item):
        writing.move(MEETING, item.id, CAME, {"members": there})
    writing.done()
    return find_item(workspace, MEETING, item.id)


def read_meeting(workspace: Workspace, item: Item, *, by: MemberId | None = None) -> Item:
    """Say that one has read what came of a meeting.

    Raises:
        MoveRefused: there is nothing that waits for one.
    """
    member = by or workspace.config.member
    if member not in to_read(item):
        raise MoveRefused("nothing to read", item.id[:8], "it does not wait for you")
    writing = Writing(workspace, by=by)
    writing.move(MEETING, item.id, READ, {})
    writing.done()
    return find_item(workspace, MEETING, item.id)


def cancel_meeting(
    workspace: Workspace, item: Item, text: str = "", *, by: MemberId | None = None
) -> Item:
    """Call a meeting off.

    Raises:
        MoveRefused: somebody else called it, or it is over.
    """
    state = meeting_standing(item, workspace.record.now_ms()).state
    if (by or workspace.config.member) != item.author or state not in ("ahead", "on"):
        why = f"it is {state}, and {workspace.name_of(item.author)} called it"
        raise MoveRefused("cannot call it off", item.id[:8], why)
    writing = Writing(workspace, by=by)
    writing.move(MEETING, item.id, CANCELLED, {"text": text})
    writing.done()
    return find_item(workspace, MEETING, item.id)


def meetings(workspace: Workspace, *, held: bool = False) -> list[Item]:
    """Return meetings, the next one first: those ahead, or with `held` all, the newest first."""
    now_ms = workspace.record.now_ms()
    found = items_of(workspace.query, MEETING)
    if held:
        return sorted(found, key=lambda one: one.get("from") or 0, reverse=True)
    ahead = [one for one in found if meeting_standing(one, now_ms).state in ("ahead", "on")]
    return sorted(ahead, key=lambda one: one.get("from") or 0)


def meetings_between(
    workspace: Workspace, start_ms: int, end_ms: int
) -> list[tuple[list[str], int, int]]:
    """Return who was asked to which meetings, from when until when; those called off are none."""
    now_ms = workspace.record.now_ms()
    return [
        ([one.author, *one.get("attendees")], one.get("from"), one.get("until"))
        for one in items_of(workspace.query, MEETING)
        if start_ms <= (one.get("from") or 0) < end_ms
        and one.get("until")
        and meeting_standing(one, now_ms).state != "cancelled"
    ]


def meeting_part(workspace: Workspace, item: Item) -> dict[str, Any]:
    """Return a meeting as a document; `local` is its beginning and end where each one is then."""
    people = dict.fromkeys([item.author, *item.get("attendees")])
    links = [*item.get("about"), *item.get("raised")]
    return {
        **item_part(workspace, item),
        "state": meeting_standing(item, workspace.record.now_ms()).state,
        "people": [_person(workspace, item, member) for member in people],
        "labels": {link: label_of(workspace, link) for link in links},
    }


def _person(workspace: Workspace, item: Item, member: str) -> dict[str, Any]:
    calendar = calendar_of(workspace, member)
    start_ms, end_ms = item.get("from") or 0, item.get("until") or 0
    local: list[datetime] = [calendar.local(start_ms), calendar.local(end_ms)]
    return {
        "member": member,
        "name": workspace.name_of(member),
        "zone": calendar.zone_at(start_ms),
        "local": [one.isoformat() for one in local],
        "presence": calendar.presence(start_ms).tier,
        "came": member in came(item),
        "to_read": member in to_read(item),
    }


def _raise(workspace: Workspace, writing: Writing, item: Item, notes: str) -> list[str]:
    """Make the tasks and decisions of notes that are not there yet; return links to all."""
    found = outcome_of(notes)
    links = []
    for action in found.actions:
        owner = MemberId(writing.member)
        if action.who is not None:
            try:
                owner = find_member(workspace, action.who.replace("_", " "))
            except NotFound as error:
                raise ItemBad("a task for nobody", f"@{action.who}", "no such member") from error
        id_ = id_about(TASK, f"{item.link}\n{action.what}")
        links.append(f"task:{id_}")
        if not read(workspace.query, TASK, [id_]):
            due = None if action.due is None else due_ms(workspace, owner, action.due)
            told = {"title": action.what, "owner": owner, "due": due, "about": [item.link]}
            writing.make(TASK, told, project=item.project, item=id_)
    for what in found.decided:
        id_ = id_about(DECISION, f"{item.link}\n{what}")
        links.append(f"decision:{id_}")
        if not read(workspace.query, DECISION, [id_]):
            told = {"title": what, "evidence": [item.link], "deciders": [writing.member]}
            writing.make(DECISION, told, project=item.project, item=id_)
    return links
