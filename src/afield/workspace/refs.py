"""Which run is meant: by its id, its name, a beginning of its id, or as the latest one here."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

from afield.runs.errors import RunAmbiguous, RunNotFound
from afield.workspace.views import RunView

Views = Callable[[str, Sequence[Any]], list[RunView]]
"""Gives the runs, newest first, for which a condition on `runs r` holds."""

_NAMED_MAX = 8
_LATEST = re.compile(r"latest(?:~([0-9]{1,6}))?")


def run_meant(ref: str, views: Views, device: str) -> RunView:
    """Return the run that is meant; a whole name counts more than the beginning of an id.

    `latest` is the newest run that this device started, `latest~1` the one before; reproductions
    and what was deleted do not count. What colleagues ran never changes which one that is.

    Raises:
        RunNotFound: there is none.
        RunAmbiguous: there are several; the message names them.
    """
    lowered = ref.lower()
    found = views("r.id = ?", (ref,)) or views("r.id = ?", (lowered,))
    if not found and ref:
        found = views("r.name = ?", (ref,))
    if not found and ref:
        found = views("r.id >= ? AND r.id < ?", (lowered, lowered + "~"))
    latest = None if found else _LATEST.fullmatch(ref)
    if latest:
        found = _latest(int(latest[1] or 0), views, device)
    if not found:
        why = "this device has not started so many" if latest else None
        raise RunNotFound("no such run", ref, why, hint="afield runs")
    if len(found) > 1:
        known = ", ".join(f"{view.id} ({view.name})" for view in found[:_NAMED_MAX])
        more = f" and {len(found) - _NAMED_MAX} more" if len(found) > _NAMED_MAX else ""
        raise RunAmbiguous(
            "several runs fit",
            ref,
            known + more,
            hint="give more of the id",
            runs=[view.id for view in found],
        )
    return found[0]


def _latest(before: int, views: Views, device: str) -> list[RunView]:
    """Return the run of this device before which so many newer ones stand, if there is one."""
    newest = """r.id = (
        SELECT mine.id FROM runs mine
        WHERE mine.device = ? AND mine.reproduces IS NULL AND mine.deleted IS NOT TRUE
            AND mine.started_ms IS NOT NULL
        ORDER BY mine.started_ms DESC, mine.started_at DESC, mine.id LIMIT 1 OFFSET ?
    )"""
    return views(newest, (device, before))
