"""Who is to review something: who knows it, and who starts soonest.

Experience counts by its logarithm: twice as much of it is worth as much as starting eight hours
sooner. Why somebody is suggested is always said; nobody is ranked by anything else.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator
from typing import NamedTuple

from afield.kernel.ids import MemberId
from afield.members.query import devices, members
from afield.workspace.team.hours import hours_of
from afield.workspace.workspace import Workspace

SHIFT_MS = 8 * 3_600_000
_WEIGHTS = {"same experiment": 3, "same project": 1, "this data": 3, "this model": 3, "reviews": 1}
_SAME_EXPERIMENT = (
    "SELECT r.member, COUNT(*) FROM runs r JOIN runs a ON a.project = r.project"
    " AND a.experiment = r.experiment WHERE a.id = ? AND r.deleted IS NOT TRUE GROUP BY r.member"
)
_SAME_PROJECT = (
    "SELECT r.member, COUNT(*) FROM runs r JOIN runs a ON a.project = r.project"
    " WHERE a.id = ? AND r.deleted IS NOT TRUE GROUP BY r.member"
)
_THIS_DATA = "SELECT member, COUNT(*) FROM dataset_versions WHERE name = ? GROUP BY member"
_THIS_MODEL = "SELECT member, COUNT(*) FROM model_versions WHERE model = ? GROUP BY member"
_REVIEWS = (
    "SELECT member, COUNT(*) FROM item_moves WHERE sort = 'review' AND move = 'judged'"
    " GROUP BY member"
)


class Suggested(NamedTuple):
    """A member who could review something.

    Attributes:
        why: what they have done with it, in words.
        starts_ms: when they work next, in Unix milliseconds; now, if they do. None: not for long.
    """

    member: MemberId
    why: tuple[str, ...]
    starts_ms: int | None


def suggested(workspace: Workspace, about: str, *, but: Collection[str] = ()) -> list[Suggested]:
    """Return who could review something, the best first.

    Args:
        workspace: with its tables up to date.
        about: a link to it.
        but: who is not meant: the author, and who was asked already.
    """
    now_ms = workspace.record.clock.wall_ns() // 1_000_000
    known: dict[str, list[tuple[str, int]]] = {}
    for what, member, times in _done(workspace, about):
        known.setdefault(member, []).append((what, times))
    ranked = []
    for one in members(workspace.projection):
        if one.id in but or not _is_here(workspace, one.id):
            continue
        done = known.get(one.id, [])
        points = sum(_WEIGHTS[what] * times for what, times in done)
        starts_ms = hours_of(workspace, one.id).next_working(now_ms)
        waits = math.inf if starts_ms is None else (starts_ms - now_ms) / SHIFT_MS
        why = tuple(f"{times} of {what}" for what, times in done)
        ranked.append((waits - math.log2(1 + points), one.id, why, starts_ms))
    ranked.sort(key=lambda each: each[:2])
    return [Suggested(member, why, starts_ms) for _, member, why, starts_ms in ranked]


def _done(workspace: Workspace, about: str) -> Iterator[tuple[str, str, int]]:
    kind, _, rest = about.partition(":")
    named = rest.partition("@")[0] if kind == "model" else rest.rpartition("@")[0]
    asked = {
        "run": (("same experiment", _SAME_EXPERIMENT, rest), ("same project", _SAME_PROJECT, rest)),
        "data": (("this data", _THIS_DATA, named),),
        "model": (("this model", _THIS_MODEL, named),),
    }
    for what, sql, key in asked.get(kind, ()):
        for member, times in workspace.query(sql, (key,)):
            yield what, member, times
    for member, times in workspace.query(_REVIEWS):
        yield "reviews", member, times


def _is_here(workspace: Workspace, member: MemberId) -> bool:
    """Tell whether a member has a device that was not removed."""
    removed = workspace.config.removed
    return any(one.id not in removed for one in devices(workspace.projection, of=member))
