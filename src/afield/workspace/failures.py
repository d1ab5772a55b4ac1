"""What the record knows of a failed run's failure: who had it before, and what helped.

Reading only; how a failure is named is the business of `afield.runs.failure`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import msgspec

from afield.kernel.errors import AfieldError
from afield.kernel.ids import ObjectId, RunId
from afield.runs.failure import Failure, decode
from afield.workspace.views import RunView
from afield.workspace.workspace import Workspace

BEFORE_MAX = 10
"""Earlier runs with the same failure that are named; those with notes come on top of it."""

_LOOKED_AT_MAX = 100
_LATER_MAX = 500
_LATER = (
    "SELECT id, facts FROM runs WHERE status = 'finished' AND project = ? AND kind = ?"
    " AND reproduces IS NULL AND deleted IS NOT TRUE AND started_ms >= ? AND id <> ?"
    " ORDER BY started_ms, started_at LIMIT ?"
)
_BEFORE = (
    "failure = ? AND reproduces IS NULL AND deleted IS NOT TRUE"
    " AND (started_ms < ? OR (started_ms = ? AND started_at < ?))"
)


@dataclass(frozen=True, slots=True)
class Solved:
    """A run of the same script that succeeded after `failed`: the run itself or one before it."""

    run: RunView
    failed: RunView


@dataclass(frozen=True, slots=True)
class KnownFailure:
    """Why a run failed, and what is known of that.

    Attributes:
        fingerprint: what the same failures share.
        exception: its type, a signal's name, or `exit N`.
        failure: the words of it; None when they cannot be read.
        before: earlier runs with the same failure, newest first; those with notes, and the newest.
        times_before: how many earlier runs there are.
        solved: a later run of the same script that succeeded, or None.
    """

    fingerprint: str
    exception: str
    failure: Failure | None
    before: list[RunView]
    times_before: int
    solved: Solved | None


def known_failure(workspace: Workspace, run: RunView) -> KnownFailure | None:
    """Return what is known of why a run failed; None when nothing is, or it did not fail."""
    if run.failure is None:
        return None
    sql = "SELECT failure_object, started_ms, started_at FROM runs WHERE id = ?"
    ((found, started_ms, started_at),) = workspace.query(sql, (run.id,))
    args = (run.failure, started_ms, started_ms, started_at)
    times = workspace.query(f"SELECT COUNT(*) FROM runs WHERE {_BEFORE}", args)[0][0]  # noqa: S608 - literals
    before = _before(workspace, args)
    return KnownFailure(
        fingerprint=run.failure,
        exception=run.exception or "",
        failure=_words(workspace, found),
        before=before,
        times_before=times,
        solved=_solved(workspace, run, before),
    )


def _words(workspace: Workspace, found: ObjectId | None) -> Failure | None:
    if found is None:
        return None
    try:
        return decode(workspace.record.vault.get(found))
    except (AfieldError, msgspec.MsgspecError):
        return None  # erased, or not here yet; `verify` names what is damaged


def _before(workspace: Workspace, args: tuple[Any, ...]) -> list[RunView]:
    sql = (
        f"SELECT id FROM runs WHERE {_BEFORE}"  # noqa: S608 - literals
        f" ORDER BY started_ms DESC, started_at DESC LIMIT {_LOOKED_AT_MAX}"
    )
    ids: list[RunId] = [row[0] for row in workspace.query(sql, args)]
    noted = {row[0] for row in workspace.query("SELECT DISTINCT run FROM notes")} if ids else set()
    return [workspace.run(one) for at, one in enumerate(ids) if at < BEFORE_MAX or one in noted]


def _solved(workspace: Workspace, run: RunView, before: list[RunView]) -> Solved | None:
    """Return the first success of the script after the run, else after an earlier failure."""
    for failed in (run, *before):
        script = failed.facts.get("script")
        if not script:
            continue
        ended_ms = int((failed.ended or failed.started).timestamp() * 1000)
        args = (failed.project, failed.kind, ended_ms, failed.id, _LATER_MAX)
        for id_, facts in workspace.query(_LATER, args):
            if facts and json.loads(facts).get("script") == script:
                return Solved(workspace.run(id_), failed)
    return None
