"""Stand-ups: said in a minute, one a member and half of a day, with what they raise.

What they are drawn up from is `standup_drafts`' matter, whose day it is `standup_days`'.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from afield.kernel.ids import MemberId
from afield.teamwork.errors import ItemBad
from afield.teamwork.query import Item, items_of, items_with, read
from afield.teamwork.sorts.ask import ASK
from afield.teamwork.sorts.blocker import BLOCKER
from afield.teamwork.sorts.standup import STANDUP
from afield.workspace.team.due import due_ms
from afield.workspace.team.hours import calendar_of
from afield.workspace.team.items import Writing, find_item, item_part, words_of
from afield.workspace.team.links import label_of
from afield.workspace.team.people import mentioned
from afield.workspace.team.standup_days import due_ms as standup_due_ms
from afield.workspace.team.standup_days import standup_day, standup_id, written_ms
from afield.workspace.team.standup_drafts import prefill
from afield.workspace.workspace import Workspace

FIELDS = ("state", "next", "decided", "stuck")


def write_standup(
    workspace: Workspace,
    values: Mapping[str, str | None],
    *,
    unchanged: bool = False,
    raise_blockers: Sequence[str] = (),
    owner: MemberId | None = None,
    raise_asks: Sequence[tuple[MemberId, str]] = (),
    by: MemberId | None = None,
) -> Item:
    """Write the stand-up of a half of a member's day, or change it; all of it or nothing.

    Args:
        workspace: where.
        values: `state`, `next`, `decided`, `stuck`, and `day` and `slot`; what is left out stays
            as it was said before, else as the record has it.
        unchanged: nothing is to be said; nothing is filled in, and what was said stays. Where
            there is nothing to say at all, it is unchanged, too.
        raise_blockers: titles of blockers to make with it.
        owner: who is to clear them; their author when None.
        raise_asks: whom to ask what with it, due in a working day of theirs.
        by: on whose behalf, when not this device's member.

    Raises:
        ItemBad: a value cannot stand where it is given.
    """
    member = MemberId(by or workspace.config.member)
    draft = prefill(workspace, member, day=values.get("day"), slot=values.get("slot"))
    writing = Writing(workspace, by=by)
    titles = [title.strip() for title in raise_blockers if title.strip()]
    raised = [f"blocker:{_blocker(writing, title, owner)}" for title in titles]
    raised += [f"ask:{_ask(writing, to, title)}" for to, title in raise_asks]
    said: dict[str, Any] = {"day": draft.day, "slot": draft.slot, "raised": raised}
    item = standup_id(member, draft.day, draft.slot)
    known = read(workspace.query, STANDUP, [item])
    if not unchanged:
        for name in FIELDS:
            given = values.get(name)
            said[name] = getattr(draft, name) if given is None else given
        if values.get("stuck") is None:
            said["stuck"] = "\n".join([said["stuck"], *(f"- {one}" for one in titles)]).strip()
        is_empty = not raised and not any(said[name].strip() for name in FIELDS)
        said |= {"unchanged": is_empty, "about": draft.about}
    elif not known:
        said["unchanged"] = True
    if known:
        writing.change(known[0], said)
    else:
        writing.make(STANDUP, said, item=item)
    writing.done()
    return find_item(workspace, STANDUP, item)


def standups(
    workspace: Workspace,
    *,
    member: str | None = None,
    day: str | None = None,
    since_ms: int | None = None,
) -> list[Item]:
    """Return stand-ups, the newest day first: somebody's, of a day, written since an instant."""
    if since_ms is not None:
        sql = "SELECT id FROM items WHERE sort = ? AND touched_ms >= ?"
        rows = workspace.query(sql, (STANDUP.name, since_ms))
        found = read(workspace.query, STANDUP, [row[0] for row in rows])
    elif day is not None:
        found = items_with(workspace.query, STANDUP, "day", day)
    elif member is not None:
        sql = "SELECT id FROM items WHERE author = ? AND sort = ?"
        rows = workspace.query(sql, (member, STANDUP.name))
        found = read(workspace.query, STANDUP, [row[0] for row in rows])
    else:
        found = items_of(workspace.query, STANDUP)
    kept = [
        one
        for one in found
        if (member is None or one.author == member)
        and (day is None or one.get("day") == day)
        and (since_ms is None or written_ms(workspace, one.id) >= since_ms)
    ]
    return sorted(kept, key=lambda one: (one.get("day") or "", one.made_ms), reverse=True)


def standup_part(workspace: Workspace, item: Item) -> dict[str, Any]:
    """Return a stand-up as a document; whom its words name are `mentions`."""
    links = [*item.get("about"), *item.get("raised")]
    words = " ".join(words_of(workspace, item.get(name)) for name in FIELDS)
    return {
        **item_part(workspace, item),
        "written_ms": written_ms(workspace, item.id),
        "mentions": mentioned(workspace, words),
        "labels": {link: label_of(workspace, link) for link in links},
    }


def is_due(workspace: Workspace, member: MemberId) -> bool:
    """Tell whether a member who chose a time has passed it today without a word."""
    calendar, now_ms = calendar_of(workspace, member), workspace.record.now_ms()
    day = standup_day(calendar, now_ms)
    at_ms = standup_due_ms(workspace, member, calendar, day)
    if at_ms is None or now_ms < at_ms:
        return False
    return not standups(workspace, member=member, day=day.isoformat())


def _blocker(writing: Writing, title: str, owner: MemberId | None) -> str:
    return writing.make(BLOCKER, {"title": title, "owner": owner or writing.member})


def _ask(writing: Writing, to: MemberId, title: str) -> str:
    if not title.strip():
        raise ItemBad("nothing is asked", hint='--ask ada "Which split did you use?"')
    due = due_ms(writing.workspace, to, None)
    return writing.make(ASK, {"title": title, "to": to, "due": due})
