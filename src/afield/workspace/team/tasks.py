"""Tasks: what is to be done, by whom, as a part of what; the matrix, and the six for a day."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from afield.kernel.ids import MemberId
from afield.teamwork.errors import ItemBad, MoveRefused
from afield.teamwork.query import Item, items_of, items_with
from afield.teamwork.shapes import Value
from afield.teamwork.sorts.task import FINISHED, REOPENED, TASK
from afield.teamwork.task import QUADRANTS, SIX, is_urgent, quadrant, six_of, task_standing
from afield.workspace.team.hours import hours_of
from afield.workspace.team.items import Writing, find_item, item_part
from afield.workspace.team.links import label_of, project_of
from afield.workspace.workspace import Workspace

_DEPTH_MAX = 20
_DAYS_MAX = 400


def add_task(
    workspace: Workspace,
    title: str,
    values: Mapping[str, Any],
    *,
    project: str | None = None,
    by: MemberId | None = None,
) -> Item:
    """Write a task down.

    Args:
        workspace: where.
        title: what is to be done, on one line.
        values: by field of the sort; without an owner it is one's own.
        project: in which; that of the task it is a part of, or of what it is about, when None.
        by: on whose behalf, when not this device's member.

    Raises:
        ItemBad: a value cannot stand where it is given.
    """
    if not title.strip():
        raise ItemBad("nothing is to be done", hint='afield task "Label the last 200 images"')
    _check_part(workspace, None, values.get("part_of"))
    linked = values.get("part_of") or next(iter(values.get("about") or ()), None)
    where = project or ("default" if linked is None else project_of(workspace, linked))
    writing = Writing(workspace, by=by)
    told = {"title": title, "owner": writing.member, **values}
    item = writing.make(TASK, told, project=where)
    writing.done()
    return find_item(workspace, TASK, item)


def change(
    workspace: Workspace,
    item: Item,
    values: Mapping[str, Any],
    *,
    remove: Mapping[str, Sequence[Value]] | None = None,
    by: MemberId | None = None,
) -> Item:
    """Change a task's fields; None clears one.

    Raises:
        ItemBad: a value cannot stand where it is given.
    """
    _check_part(workspace, item, values.get("part_of"))
    writing = Writing(workspace, by=by)
    writing.change(item, values, remove=remove)
    writing.done()
    return find_item(workspace, TASK, item.id)


def finish(
    workspace: Workspace,
    item: Item,
    *,
    outcome: str = "done",
    text: str = "",
    by: MemberId | None = None,
) -> Item:
    """Say that a task is done, or dropped.

    Raises:
        MoveRefused: it is closed, or parts of it are open and it would be done.
    """
    state = task_standing(item).state
    if state != "open":
        raise MoveRefused("cannot close the task", item.id, f"it is {state}")
    left = [one for one in parts_of(workspace, item) if task_standing(one).state == "open"]
    if left and outcome == "done":
        why = f"parts of it are open: {', '.join(one.id[:8] for one in left)}"
        hint = f"afield task show {item.id[:8]}"
        raise MoveRefused("cannot say that it is done", item.id, why, hint=hint)
    return _moved(workspace, item, FINISHED, {"outcome": outcome, "text": text}, by)


def reopen(workspace: Workspace, item: Item, *, text: str = "", by: MemberId | None = None) -> Item:
    """Open a task again.

    Raises:
        MoveRefused: it is open.
    """
    if task_standing(item).state == "open":
        raise MoveRefused("cannot open the task again", item.id, "it is open")
    return _moved(workspace, item, REOPENED, {"text": text}, by)


def tasks(
    workspace: Workspace,
    *,
    owner: str | None = None,
    about: str | None = None,
    closed: bool = False,
) -> list[Item]:
    """Return open tasks, the newest first: somebody's, those about something; all if `closed`."""
    return [
        one
        for one in items_of(workspace.query, TASK)
        if (owner is None or one.get("owner") == owner)
        and (about is None or about in one.get("about"))
        and (closed or task_standing(one).state == "open")
    ]


def parts_of(workspace: Workspace, item: Item) -> list[Item]:
    """Return the tasks that are parts of one, the oldest first."""
    return items_with(workspace.query, TASK, "part_of", item.link)[::-1]


def matrix(workspace: Workspace, owner: MemberId) -> dict[str, list[Item]]:
    """Return a member's open tasks by what is to be done with them; see `task.QUADRANTS`."""
    calendar, now_ms = hours_of(workspace, owner), _now_ms(workspace)
    found: dict[str, list[Item]] = {name: [] for name in QUADRANTS}
    for one in tasks(workspace, owner=owner):
        urgent = is_urgent(one, calendar, now_ms)
        found[quadrant(important=bool(one.get("important")), urgent=urgent)].append(one)
    return found


def six(workspace: Workspace, owner: MemberId, day: str) -> list[Item]:
    """Return a member's tasks for a day, the most important first."""
    return six_of(tasks(workspace, owner=owner, closed=True), owner, day)


def choose_six(
    workspace: Workspace,
    day: str,
    chosen: Sequence[Item],
    *,
    by: MemberId | None = None,
) -> list[Item]:
    """Choose one's tasks for a day, in this order; those chosen before are taken off it.

    Raises:
        ItemBad: they are more than six, one is closed, or somebody else's.
    """
    writing = Writing(workspace, by=by)
    owner = MemberId(writing.member)
    if len(chosen) > SIX:
        why = f"a day holds {SIX}; what is seventh waits"
        raise ItemBad("too many for a day", len(chosen), why)
    for one in chosen:
        if one.get("owner") != owner or task_standing(one).state != "open":
            raise ItemBad("not an open task of yours", one.id, hint="afield task list --owner me")
    ids = [one.id for one in chosen]
    for one in six(workspace, owner, day):
        if one.id not in ids:
            writing.change(one, {"day": None, "place": None})
    for place, one in enumerate(chosen, 1):
        writing.change(one, {"day": day, "place": place})
    writing.done()
    return six(workspace, owner, day)


def next_day(workspace: Workspace, owner: MemberId) -> str:
    """Return the next day on which a member works, after today where they are."""
    calendar, now_ms = hours_of(workspace, owner), _now_ms(workspace)
    today = calendar.local(now_ms).date()
    at_ms: int | None = now_ms
    for _ in range(_DAYS_MAX):
        at_ms = None if at_ms is None else calendar.next_working(at_ms)
        if at_ms is None:
            break
        day: date = calendar.local(at_ms).date()
        if day > today:
            return day.isoformat()
        at_ms += 3_600_000
    return date.fromordinal(today.toordinal() + 1).isoformat()


def task_part(workspace: Workspace, item: Item) -> dict[str, Any]:
    """Return a task as a document."""
    owner = item.get("owner")
    links = [*item.get("about"), *([item.get("part_of")] if item.get("part_of") else [])]
    return {
        **item_part(workspace, item),
        "state": task_standing(item).state,
        "owner_name": None if owner is None else workspace.name_of(owner),
        "parts": [
            {"id": one.id, "state": task_standing(one).state} for one in parts_of(workspace, item)
        ],
        "labels": {link: label_of(workspace, link) for link in links},
    }


def _check_part(workspace: Workspace, item: Item | None, above: str | None) -> None:
    """Refuse a task that would be a part of itself, or of what is no task."""
    for _ in range(_DEPTH_MAX):
        if above is None:
            return
        kind, _, rest = above.partition(":")
        if kind != TASK.name or (item is not None and rest == item.id):
            why = "it would be a part of itself" if kind == TASK.name else "it is no task"
            raise ItemBad("cannot be a part of it", above, why)
        above = find_item(workspace, TASK, rest).get("part_of")
    raise ItemBad("cannot be a part of it", above, f"at most {_DEPTH_MAX} deep")


def _now_ms(workspace: Workspace) -> int:
    return workspace.record.clock.wall_ns() // 1_000_000


def _moved(
    workspace: Workspace, item: Item, move: Any, values: dict[str, Any], by: MemberId | None
) -> Item:
    writing = Writing(workspace, by=by)
    writing.move(TASK, item.id, move, values)
    writing.done()
    return find_item(workspace, TASK, item.id)
