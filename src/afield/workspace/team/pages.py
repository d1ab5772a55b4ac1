"""Pages: Markdown that many edit, merged by paragraph; what they link to, until when they hold."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

from afield.kernel.errors import AfieldError
from afield.kernel.ids import MemberId
from afield.kernel.late import late
from afield.teamwork.errors import ItemBad
from afield.teamwork.page import Merged, has_marks, heads_of, merged
from afield.teamwork.query import Item, items_naming, items_of
from afield.teamwork.sorts import SORT_OF
from afield.teamwork.sorts.page import EDITED, PAGE
from afield.workspace.team.hours import calendar_of
from afield.workspace.team.items import GONE, Writing, find_item, item_part, words_of
from afield.workspace.team.links import label_of, link_to
from afield.workspace.workspace import Workspace

_LINK = late(r"(?<![\w/])([a-z][a-z-]{1,15}):([^\s()\[\]<>`\"',;]*[^\s()\[\]<>`\"',;.!?:])")
_KINDS = frozenset({"run", "data", "model", *SORT_OF})
_LINKS_MAX = 200


def new_page(
    workspace: Workspace,
    title: str,
    text: str,
    *,
    owner: MemberId | None = None,
    review: str | None = None,
    project: str = "default",
    by: MemberId | None = None,
) -> Item:
    """Write a page.

    Args:
        workspace: where.
        title: on one line.
        text: Markdown; `run:NAME`, `data:NAME@3`, `decision:ID` and so on in it are links.
        owner: who looks after it; its author when None.
        review: until which day it holds unlooked at: `2027-03-01`.
        project: in which project.
        by: on whose behalf, when not this device's member.

    Raises:
        ItemBad: it has no title or text, or a value cannot stand where it is given.
    """
    if not title.strip() or not text.strip():
        raise ItemBad("an empty page", title, hint='afield page "How we label" --file label.md')
    writing = Writing(workspace, by=by)
    values = {"title": title, "owner": owner or writing.member, "review": review}
    item = writing.make(PAGE, values, project=project)
    writing.move(PAGE, item, EDITED, {"text": text, "about": _links(workspace, text)[0] or None})
    writing.done()
    return find_item(workspace, PAGE, item)


def edit_page(
    workspace: Workspace,
    item: Item,
    text: str,
    *,
    base: Sequence[str] | None = None,
    by: MemberId | None = None,
) -> Item:
    """Put another text for the one that somebody saw.

    Args:
        workspace: where.
        item: the page.
        text: the whole of it.
        base: the edits that the person saw (`heads` of `page_part`); those that stand now when
            None. What others wrote meanwhile is merged.
        by: on whose behalf, when not this device's member.

    Raises:
        ItemBad: it is empty, marks of a conflict are left in it, or it is based on no edit of it.
    """
    if not text.strip():
        raise ItemBad("an empty page", item.id[:8], "a page has a text")
    if has_marks(text):
        raise ItemBad("marks are left", item.id[:8], "choose between <<<<<<< and >>>>>>>")
    known = {one.place_text for one in item.did("edited")}
    ground = [one.place_text for one in heads_of(item)] if base is None else list(base)
    if not set(ground) <= known:
        raise ItemBad("is based on no edit of this page", ", ".join(ground))
    stands = ground == [one.place_text for one in heads_of(item)]
    if stands and page_text(workspace, item).text.strip() == text.strip():
        return item
    writing = Writing(workspace, by=by)
    told = {"base": ground, "text": text, "about": _links(workspace, text)[0] or None}
    writing.move(PAGE, item.id, EDITED, told)
    writing.done()
    return find_item(workspace, PAGE, item.id)


def set_page(
    workspace: Workspace, item: Item, values: dict[str, Any], *, by: MemberId | None = None
) -> Item:
    """Set title, owner or the day of review; None clears the day.

    Raises:
        ItemBad: a value cannot stand where it is given.
    """
    writing = Writing(workspace, by=by)
    writing.change(item, values)
    writing.done()
    return find_item(workspace, PAGE, item.id)


def page_text(workspace: Workspace, item: Item) -> Merged:
    """Return a page's text as it stands; whose words are not here are said to be."""
    texts = {
        one.place_text: words_of(workspace, one.values.get("text")) for one in item.did("edited")
    }
    return merged(item, texts)


def pages(workspace: Workspace, *, due: bool = False) -> list[Item]:
    """Return pages, the newest touched first; only those past their day of review if `due`."""
    found = sorted(items_of(workspace.query, PAGE), key=lambda one: -one.touched_ms)
    return [one for one in found if not due or is_due(workspace, one)]


def is_due(workspace: Workspace, item: Item) -> bool:
    """Tell whether a page's owner is to look at it again, by the date where they are."""
    review = item.get("review")
    if review is None:
        return False
    calendar = calendar_of(workspace, item.get("owner") or item.author)
    return date.fromisoformat(review) <= calendar.day_of(workspace.record.now_ms())


def page_part(workspace: Workspace, item: Item) -> dict[str, Any]:
    """Return a page as a document: its text, what it links to, what links to it."""
    found = page_text(workspace, item)
    about, broken = _links(workspace, found.text)
    named_by = [f"{sort}:{id_}" for sort, id_ in items_naming(workspace.query, item.link)]
    owner = item.get("owner")
    return {
        **item_part(workspace, item),
        "state": _state(workspace, item, found),
        "owner_name": None if owner is None else workspace.name_of(owner),
        "text": found.text,
        "paragraphs": [
            {
                "text": one.text,
                "by": workspace.name_of(one.member),
                "others": [
                    {"text": other.text, "by": workspace.name_of(other.member)}
                    for other in one.others
                ],
            }
            for one in found.paragraphs
        ],
        "heads": [one.place_text for one in found.heads],
        "about": about,
        "broken": broken,
        "named_by": named_by,
        "labels": {link: label_of(workspace, link) for link in [*about, *named_by]},
        "moves": [],
        "history": list(_history(workspace, item)),
    }


def _state(workspace: Workspace, item: Item, found: Merged) -> str:
    if found.is_conflicted:
        return "conflicted"
    return "due" if is_due(workspace, item) else "ok"


def _history(workspace: Workspace, item: Item) -> Iterator[dict[str, Any]]:
    for one in item.did("edited"):
        words = words_of(workspace, one.values.get("text"))
        yield {
            "place": one.place_text,
            "by": workspace.name_of(one.member),
            "member": one.member,
            "at_ms": one.at_ms,
            "base": list(one.values.get("base", ())),
            "chars": 0 if words == GONE else len(words),
        }


def _links(workspace: Workspace, text: str) -> tuple[list[str], list[str]]:
    """Return what a text links to, and words that look like links and name nothing here."""
    about: dict[str, None] = {}
    broken: dict[str, None] = {}
    for kind, rest in _LINK().findall(text)[:_LINKS_MAX]:
        if kind not in _KINDS:
            continue
        try:
            about[link_to(workspace, f"{kind}:{rest}")] = None
        except AfieldError:
            broken[f"{kind}:{rest}"] = None
    return list(about), list(broken)
