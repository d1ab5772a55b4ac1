"""Searching a workspace and asking why, for Python: what the commands say with `--json`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from afield.workspace.search.documents import answer_document
from afield.workspace.search.find import search
from afield.workspace.why.subject import subject
from afield.workspace.why.trace import why_document
from afield.workspace.workspace import Workspace


def found(workspace: Workspace, words: str, sorts: Iterable[str], limit: int) -> dict[str, Any]:
    """Return what holds all words, as `Workspace.search` has it."""
    workspace.refresh()
    answer = search(workspace, words, limit=limit, sorts=tuple(sorts))
    return answer_document(workspace, words, answer)


def traced(workspace: Workspace, what: str, depth: int) -> dict[str, Any]:
    """Return where something comes from, as `Workspace.why` has it."""
    workspace.refresh()
    return why_document(workspace, what, subject(workspace, what), depth=depth)
