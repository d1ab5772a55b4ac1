"""Threads on anything in the record: comments, replies, what is dealt with, who follows.

Items carry their own comments; anything else has one thread, whoever begins it.
"""

from __future__ import annotations

from typing import Any

from afield.kernel.ids import MemberId
from afield.teamwork import query
from afield.teamwork.errors import ItemBad, ItemNotFound
from afield.teamwork.events import id_about
from afield.teamwork.query import Item
from afield.teamwork.shapes import COMMENTED, FOLLOWED, RESOLVED, Sort
from afield.teamwork.sorts import SORT_OF
from afield.teamwork.sorts.thread import THREAD
from afield.teamwork.states import open_comments
from afield.workspace.team.items import Writing, words_of
from afield.workspace.team.links import label_of
from afield.workspace.team.people import mentioned
from afield.workspace.team.seen import comment_key, seen_by
from afield.workspace.workspace import Workspace


def thread_of(workspace: Workspace, link: str) -> Item | None:
    """Return the item that holds what is said about a link; None while nothing was said."""
    sort, item = _place(link)
    return next(iter(query.read(workspace.query, sort, [item])), None)


def comment(
    workspace: Workspace,
    link: str,
    text: str,
    *,
    re: str | None = None,
    anchor: str | None = None,
    project: str = "default",
    by: MemberId | None = None,
) -> Item:
    """Say something about what a link names; `@name` calls a member.

    Args:
        workspace: where.
        link: `run:<id>`, `ask:<id>` and so on.
        text: what to say.
        re: the comment that it answers, by its place.
        anchor: the part that it is about: `train.py:12`, `metrics.acc`.
        project: of what it is about.
        by: on whose behalf, when not this device's member.

    Raises:
        ItemBad: it says nothing, or the anchor is too long.
        ItemNotFound: it answers what is not there.
    """
    if not text.strip():
        raise ItemBad("the comment is empty", hint=f'afield comment {link} "what you think"')
    sort, item = _place(link)
    found = thread_of(workspace, link)
    if re is not None and not (found and any(one.place_text == re for one in found.moves)):
        raise ItemNotFound("no such comment", re, f"on {link}")
    writing = Writing(workspace, by=by)
    if found is None:
        if sort is not THREAD:
            raise ItemNotFound(f"no such {sort.name}", item)
        writing.make(THREAD, {"about": link}, project=project, item=item)
    values = {
        "text": text,
        "re": re,
        "anchor": anchor,
        "mentions": mentioned(workspace, text) or None,
    }
    writing.move(sort, item, COMMENTED, values)
    writing.done()
    return query.read(workspace.query, sort, [item])[0]


def resolve(
    workspace: Workspace, item: Item, place: str, *, done: bool, by: MemberId | None = None
) -> Item:
    """Say that a comment is dealt with, or that it is not after all.

    Raises:
        ItemNotFound: there is no such comment.
    """
    if not any(one.place_text == place for one in item.did("commented")):
        raise ItemNotFound("no such comment", place, f"on {item.link}")
    sort = SORT_OF[item.sort]
    writing = Writing(workspace, by=by)
    writing.move(sort, item.id, RESOLVED, {"re": place, "done": done})
    writing.done()
    return query.read(workspace.query, sort, [item.id])[0]


def follow(
    workspace: Workspace, item: Item, *, on: bool = True, by: MemberId | None = None
) -> None:
    """Hear of what is said about an item, or no more."""
    writing = Writing(workspace, by=by)
    writing.move(SORT_OF[item.sort], item.id, FOLLOWED, {"on": on})
    writing.done()


def _place(link: str) -> tuple[Sort, str]:
    kind, _, rest = link.partition(":")
    if kind in SORT_OF and kind != THREAD.name:
        return SORT_OF[kind], rest
    return (THREAD, rest) if kind == THREAD.name else (THREAD, id_about(THREAD, link))


def need_thread(workspace: Workspace, link: str) -> Item:
    """Return the item that holds what is said about a link.

    Raises:
        ItemNotFound: nothing was said.
    """
    found = thread_of(workspace, link)
    if found is None:
        raise ItemNotFound("nothing was said yet", link, hint=f'afield comment {link} "…"')
    return found


def place_of(workspace: Workspace, link: str, number: int) -> str:
    """Return the place of a comment by its number, counted from 1 in order.

    Raises:
        ItemNotFound: there is no such comment.
    """
    said = need_thread(workspace, link).did("commented")
    if not 1 <= number <= len(said):
        raise ItemNotFound("no such comment", number, f"there are {len(said)}")
    return said[number - 1].place_text


def thread_part(
    workspace: Workspace, item: Item | None, link: str, *, reader: MemberId | None = None
) -> dict[str, Any]:
    """Return what was said about a link as a document: comments in order, numbered from 1.

    With a `reader`, each comment has the `key` that it is read by, and says whether it is `unread`.
    """
    said = [] if item is None else item.did("commented")
    open_ = set() if item is None else {one.place_text for one in open_comments(item)}
    numbers = {one.place_text: number for number, one in enumerate(said, 1)}
    found = [
        {
            "number": numbers[one.place_text],
            "member": one.member,
            "by": workspace.name_of(one.member),
            "at_ms": one.at_ms,
            "text": words_of(workspace, one.values.get("text")),
            "re": numbers.get(one.values.get("re", "")),
            "anchor": one.values.get("anchor"),
            "mentions": one.values.get("mentions", []),
            "resolved": one.place_text not in open_,
        }
        for one in said
    ]
    if item is not None and reader is not None:
        read = frozenset(seen_by(workspace, reader).keys)
        for part, one in zip(found, said, strict=True):
            key = comment_key(item, one, reader)
            part |= {"key": key, "unread": one.member != reader and key not in read}
    return {
        "about": link,
        "label": label_of(workspace, link),
        "thread": None if item is None else item.link,
        "comments": found,
    }
