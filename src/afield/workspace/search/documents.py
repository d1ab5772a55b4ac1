"""What a search found, as programs read it: `afield.search/1`. Field names are a promise."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from afield.workspace.search.find import Answer, Found
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


def found_part(workspace: Workspace, one: Found) -> dict[str, Any]:
    """Return one thing that was found; `marks` count characters of the excerpt's text."""
    excerpt = None
    if one.excerpt is not None:
        excerpt = {"text": one.excerpt.text, "marks": [list(each) for each in one.excerpt.marks]}
    detail = one.detail
    if detail is None and one.excerpt is not None:
        detail = one.excerpt.text
    return {
        "kind": one.sort,
        "id": one.id,
        "label": one.label,
        "project": one.project,
        "detail": detail,
        "at": datetime.fromtimestamp(one.at_ms / 1000, UTC),
        "by": None if one.author is None else workspace.name_of(one.author),
        "score": round(one.score, 6),
        "excerpt": excerpt,
    }
