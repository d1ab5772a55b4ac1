"""The search box: runs, notes, tags, datasets and people whose words hold what was typed.

Plain words, no query language: each has to be there, in any case. Newest first.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from afield.datasets.query import versions
from afield.kernel.clock import stamp_to_ms
from afield.kernel.errors import AfieldError
from afield.kernel.ids import ObjectId
from afield.members.query import members
from afield.workspace.workspace import Workspace

NOTES_READ_MAX = 2_000
"""Notes that are looked into, the newest: their words stand in objects."""

EXCERPT_CHARS = 160


def search(workspace: Workspace, text: str, *, limit: int) -> list[dict[str, Any]]:
    """Return what fits, at most `limit` of each kind: `kind`, what it is, and the words found.

    Args:
        workspace: with its tables up to date.
        text: words, set apart by spaces.
        limit: how many of each kind.
    """
    words = text.casefold().split()
    if not words:
        return []
    return [
        *_runs(workspace, words, limit),
        *_notes(workspace, words, limit),
        *_datasets(workspace, words, limit),
        *_people(workspace, words, limit),
    ]


_RUN, _TAG = (
    " OR ".join(f"lower({column}) LIKE ? ESCAPE '!'" for column in columns)
    for columns in (
        ("r.id", "r.name", "r.project", "r.experiment", "r.exception"),
        ("t.name", "t.value"),
    )
)
_RUN = f"({_RUN} OR EXISTS (SELECT 1 FROM tags t WHERE t.run = r.id AND ({_TAG})))"  # noqa: S608


def _runs(workspace: Workspace, words: list[str], limit: int) -> list[dict[str, Any]]:
    """Find runs by the beginning of the id, name, project, experiment, tags, and their failure."""
    args: list[Any] = []
    for word in words:
        pattern = _holding(word)
        args += [pattern[1:], *([pattern] * 6)]
    sql = (
        "SELECT r.id, r.name, r.project, r.experiment, r.status, r.started_ms FROM runs r"  # noqa: S608 - literals
        f" WHERE r.deleted IS NOT TRUE AND {' AND '.join([_RUN] * len(words))}"
        " ORDER BY r.started_ms DESC, r.id LIMIT ?"
    )
    return [
        _found(
            "run",
            id_,
            name,
            project=project,
            detail=f"{experiment}: {status or 'running'}",
            at_ms=at,
        )
        for id_, name, project, experiment, status, at in workspace.query(sql, (*args, limit))
    ]


def _notes(workspace: Workspace, words: list[str], limit: int) -> list[dict[str, Any]]:
    sql = (
        'SELECT n.object, n."at", r.id, r.name, r.project FROM notes n JOIN runs r ON r.id = n.run'
        ' WHERE r.deleted IS NOT TRUE ORDER BY n."at" DESC LIMIT ?'
    )
    found: list[dict[str, Any]] = []
    for object_, at, id_, name, project in workspace.query(sql, (NOTES_READ_MAX,)):
        try:
            text = workspace.text_of(ObjectId(object_))
        except AfieldError:  # it was erased, or is not here
            continue
        folded = text.casefold()
        if all(word in folded for word in words):
            start = max(0, folded.find(words[0]) - EXCERPT_CHARS // 4)
            excerpt = " ".join(text[start : start + EXCERPT_CHARS].split())
            at_ms = stamp_to_ms(at)
            found.append(_found("note", id_, name, project=project, detail=excerpt, at_ms=at_ms))
            if len(found) == limit:
                break
    return found


def _datasets(workspace: Workspace, words: list[str], limit: int) -> list[dict[str, Any]]:
    newest = {one.name: one for one in versions(workspace.projection)}
    fitting = [
        one for name, one in newest.items() if all(word in name.casefold() for word in words)
    ]
    fitting.sort(key=lambda one: one.added_ms, reverse=True)
    return [
        _found("dataset", one.name, one.label, detail=f"{one.files} files", at_ms=one.added_ms)
        for one in fitting[:limit]
    ]


def _people(workspace: Workspace, words: list[str], limit: int) -> list[dict[str, Any]]:
    known = [(one.id, workspace.name_of(one.id)) for one in members(workspace.projection)]
    fitting = [(id_, name) for id_, name in known if all(word in name.casefold() for word in words)]
    return [_found("member", id_, name) for id_, name in fitting[:limit]]


def _found(
    kind: str,
    id_: str,
    label: str,
    *,
    project: str | None = None,
    detail: str | None = None,
    at_ms: int | None = None,
) -> dict[str, Any]:
    return {
        "kind": kind,
        "id": id_,
        "label": label,
        "project": project,
        "detail": detail,
        "at": None if at_ms is None else datetime.fromtimestamp(at_ms / 1000, UTC),
    }


def _holding(word: str) -> str:
    """Return the LIKE pattern of texts that hold a word, once the letters of ASCII are small."""
    word = "".join(char.lower() if char.isascii() else char for char in word)
    for sign in "!%_":
        word = word.replace(sign, f"!{sign}")
    return f"%{word}%"
