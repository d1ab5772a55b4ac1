"""Reviews: who is asked to look, by when in their hours, and what they found."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from afield.kernel.ids import MemberId
from afield.teamwork.errors import ItemBad, MoveRefused
from afield.teamwork.query import Item, items_of, items_with
from afield.teamwork.review import GONE, Asked, asked, is_contested, review_standing, verdicts
from afield.teamwork.sorts.review import (
    ASKED,
    COMMENT,
    JUDGED,
    NOT_REPRODUCED,
    REPRODUCED,
    REVIEW,
    WITHDRAWN,
)
from afield.workspace.team.due import due_ms
from afield.workspace.team.expertise import suggested
from afield.workspace.team.hours import hours_of
from afield.workspace.team.items import Writing, find_item, item_part, words_of
from afield.workspace.team.links import label_of, project_of
from afield.workspace.workspace import Workspace

_VERDICT_OF = {"identical": REPRODUCED, "equivalent": REPRODUCED, "diverged": NOT_REPRODUCED}
"""What a reproduction's verdict is to a review; `incomplete` says neither."""


def ask_review(
    workspace: Workspace,
    about: str,
    reviewers: Sequence[MemberId],
    *,
    title: str = "",
    detail: str = "",
    what: str | None = None,
    against: str | None = None,
    due: str | None = None,
    by: MemberId | None = None,
) -> Item:
    """Ask members to review something.

    Args:
        workspace: where.
        about: a link to it.
        reviewers: who is to look; each one's time runs in their own business hours.
        title: on one line; the label of what it is about when empty.
        detail: what to look at.
        what: `run`, `code`, `data`, `model` or `page`; told by the link when None.
        against: a link to what code is compared with.
        due: see `due.due_ms`.
        by: on whose behalf, when not this device's member.

    Raises:
        ItemBad: a value cannot stand where it is given, or the author would review themselves.
    """
    author = by or workspace.config.member
    if author in reviewers:
        raise ItemBad("cannot ask yourself for a review", workspace.name_of(author))
    writing = Writing(workspace, by=by)
    values = {
        "title": title or label_of(workspace, about),
        "detail": detail,
        "what": what or ("code" if against else about.partition(":")[0]),
        "about": about,
        "against": against,
    }
    item = writing.make(REVIEW, values, project=project_of(workspace, about))
    for member in dict.fromkeys(reviewers):
        told = {"reviewer": member, "due": due_ms(workspace, member, due)}
        writing.move(REVIEW, item, ASKED, told)
    writing.done()
    return find_item(workspace, REVIEW, item)


def judge(
    workspace: Workspace,
    item: Item,
    verdict: str,
    *,
    text: str = "",
    evidence: str | None = None,
    by: MemberId | None = None,
) -> Item:
    """Say what one found; anybody but the author may, asked or not.

    Raises:
        MoveRefused: it is withdrawn, or one's own.
        ItemBad: changes are requested without a word of which.
    """
    _check_open(item)
    if (by or workspace.config.member) == item.author and verdict != COMMENT:
        raise MoveRefused("cannot judge your own", item.id, "somebody else is to look at it")
    if verdict != "approve" and not text.strip() and evidence is None:
        raise ItemBad("nothing is said", verdict, "say what is to be changed, or what you saw")
    values = {"verdict": verdict, "text": text, "evidence": evidence}
    return _moved(workspace, item, JUDGED, values, by)


def ask_also(
    workspace: Workspace,
    item: Item,
    to: MemberId,
    *,
    instead: MemberId | None = None,
    text: str = "",
    due: str | None = None,
    by: MemberId | None = None,
) -> Item:
    """Ask one more member, or one `instead` of another who is away or declines.

    Raises:
        MoveRefused: it is withdrawn, or the other one was not asked.
        ItemBad: the author would review themselves.
    """
    _check_open(item)
    if to == item.author:
        raise ItemBad("cannot ask the author", workspace.name_of(to))
    if instead is not None and instead not in {one.member for one in asked(item)}:
        raise MoveRefused("was not asked", workspace.name_of(instead), "nobody can stand in")
    when_ms = due_ms(workspace, to, due)
    values = {"reviewer": to, "due": when_ms, "instead": instead, "text": text}
    return _moved(workspace, item, ASKED, values, by)


def stand_in(workspace: Workspace, item: Item) -> MemberId:
    """Return who could look best of those who were not asked.

    Raises:
        MoveRefused: there is nobody.
    """
    but = {item.author, *(one.member for one in asked(item))}
    found = suggested(workspace, item.get("about") or "", but=but)
    if not found:
        raise MoveRefused("nobody else could look", item.id, "all were asked")
    return found[0].member


def withdraw(
    workspace: Workspace, item: Item, *, text: str = "", by: MemberId | None = None
) -> Item:
    """Take a review back; who asked for it may.

    Raises:
        MoveRefused: it is withdrawn, or somebody else's.
    """
    _check_open(item)
    if (by or workspace.config.member) != item.author:
        why = f"{workspace.name_of(item.author)} asked for it"
        raise MoveRefused("cannot take the review back", item.id, why)
    return _moved(workspace, item, WITHDRAWN, {"text": text}, by)


def judged_by_reproduction(
    workspace: Workspace, run: str, verdict: str, repeated: str, text: str
) -> list[Item]:
    """Fill in the verdict of open reviews of a run in which this member was asked.

    Args:
        workspace: where the run was repeated.
        run: the id of the original.
        verdict: of the repetition; one that is `incomplete` says nothing.
        repeated: the id of the repetition.
        text: the first cause of a difference, in words.

    Returns:
        The reviews, as they are now.
    """
    found = _VERDICT_OF.get(verdict)
    if found is None:
        return []
    me = workspace.config.member
    mine = [
        one
        for one in items_with(workspace.query, REVIEW, "about", f"run:{run}")
        if review_standing(one).state != GONE and me in {each.member for each in asked(one)}
    ]
    evidence = f"run:{repeated}"
    return [judge(workspace, one, found, text=text, evidence=evidence) for one in mine]


def reviews(
    workspace: Workspace,
    *,
    reviewer: str | None = None,
    about: str | None = None,
    closed: bool = False,
) -> list[Item]:
    """Return reviews, the newest first: those that wait for a member, those about something.

    Args:
        workspace: with its tables up to date.
        reviewer: only those that they were asked for, and have not judged unless `closed`.
        about: a link.
        closed: those that are approved or withdrawn, too.
    """
    return [
        one
        for one in items_of(workspace.query, REVIEW)
        if (about is None or one.get("about") == about)
        and (reviewer is None or _waits_for(one, reviewer, closed=closed))
        and (closed or review_standing(one).state not in (GONE, "approved"))
    ]


def review_part(workspace: Workspace, item: Item) -> dict[str, Any]:
    """Return a review as a document."""
    now_ms = workspace.record.clock.wall_ns() // 1_000_000
    links = [link for link in (item.get("about"), item.get("against")) if link]
    return {
        **item_part(workspace, item),
        "state": review_standing(item).state,
        "contested": is_contested(item),
        "asked": [_asked_part(workspace, one, now_ms) for one in asked(item)],
        "verdicts": [
            {
                "member": member,
                "name": workspace.name_of(member),
                "verdict": one.values["verdict"],
                "text": words_of(workspace, one.values.get("text")) or None,
                "evidence": one.values.get("evidence"),
                "at_ms": one.at_ms,
            }
            for member, one in sorted(verdicts(item).items(), key=lambda each: each[1].at)
        ],
        "labels": {link: label_of(workspace, link) for link in links},
    }


def _asked_part(workspace: Workspace, one: Asked, now_ms: int) -> dict[str, Any]:
    starts_ms = hours_of(workspace, MemberId(one.member)).next_working(now_ms)
    waits = one.verdict is None
    return {
        "member": one.member,
        "name": workspace.name_of(one.member),
        "due_ms": one.due_ms,
        "verdict": None if waits else one.verdict and one.verdict.values["verdict"],
        "overdue": waits and one.due_ms is not None and one.due_ms < now_ms,
        "starts_ms": starts_ms,
        "away": waits and one.due_ms is not None and (starts_ms is None or starts_ms > one.due_ms),
    }


def _waits_for(item: Item, reviewer: str, *, closed: bool) -> bool:
    return any(one.member == reviewer and (closed or one.verdict is None) for one in asked(item))


def _check_open(item: Item) -> None:
    if review_standing(item).state == GONE:
        raise MoveRefused("cannot go on with the review", item.id, "it is withdrawn")


def _moved(
    workspace: Workspace, item: Item, move: Any, values: dict[str, Any], by: MemberId | None
) -> Item:
    writing = Writing(workspace, by=by)
    writing.move(REVIEW, item.id, move, values)
    writing.done()
    return find_item(workspace, REVIEW, item.id)
