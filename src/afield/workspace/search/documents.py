"""What a search found, as programs read it: `afield.search/1`. Field names are a promise."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from afield.teamwork.query import read
from afield.teamwork.sorts.thread import THREAD
from afield.workspace.search.find import Answer, Found
from afield.workspace.team.links import label_of
from afield.workspace.workspace import Workspace

SCHEMA = "afield.search/1"


def answer_document(workspace: Workspace, text: str, answer: Answer) -> dict[str, Any]:
    """Return an answer, best first."""
    return {
        "schema": SCHEMA,
        "text": text,
        "found": [found_part(workspace, one) for one in answer.found],
        "complete": answer.complete,
    }


def found_part(
    workspace: Workspace, one: Found, *, may_follow: Callable[[str], bool] = lambda _: True
) -> dict[str, Any]:
    """Return one thing that was found; `marks` count characters of the excerpt's text.

    A thread goes by the link of what it is about, and is called so where `may_follow` allows it.
    """
    id_, label = one.id, one.label
    if one.sort == THREAD.name:
        for item in read(workspace.query, THREAD, [one.id]):
            id_ = str(item.get("about") or one.id)
            label = f"on {label_of(workspace, id_)}" if may_follow(id_) else label
    excerpt = None
    if one.excerpt is not None:
        excerpt = {"text": one.excerpt.text, "marks": [list(each) for each in one.excerpt.marks]}
    detail = one.detail
    if detail is None and one.excerpt is not None:
        detail = one.excerpt.text
    return {
        "kind": one.sort,
        "id": id_,
        "label": label,
        "project": one.project,
        "detail": detail,
        "at": datetime.fromtimestamp(one.at_ms / 1000, UTC),
        "by": None if one.author is None else workspace.name_of(one.author),
        "score": round(one.score, 6),
        "excerpt": excerpt,
    }
