"""What others already had with the configuration of a run that failed: it failed, or ended worse.

A configuration is all params of a run, in one experiment. Bounded: the newest runs of few
experiments are looked at.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Any, NamedTuple

from afield.workspace.team.best import spreads, way_of
from afield.workspace.workspace import Workspace

FAILED_MAX = 20
"""Runs that failed of which this is looked up, the newest."""
EXPERIMENTS_MAX = 4
RUNS_MAX = 200
"""Runs of one experiment that are looked at, the newest."""

_SHORT = 8
_RUNS = (
    "SELECT id, name, member, status FROM runs WHERE project = ? AND experiment = ?"
    " AND ended_ms IS NOT NULL AND deleted IS NOT TRUE AND reproduces IS NULL"
    " ORDER BY started_ms DESC LIMIT ?"
)
Failed = tuple[str, str | None, str | None, str | None]
"""A run, its project, experiment and member."""


class _Other(NamedTuple):
    run: str
    name: str
    member: str | None
    status: str | None


def tried(workspace: Workspace, failed: Iterable[Failed]) -> dict[str, str]:
    """Return by run in words what somebody else had with its configuration, where it went badly.

    Args:
        workspace: with its tables up to date.
        failed: the runs, the newest first.
    """
    placed: dict[tuple[str, str], list[Failed]] = {}
    for one in islice(failed, FAILED_MAX):
        if one[1] is not None and one[2] is not None:
            placed.setdefault((one[1], one[2]), []).append(one)
    found: dict[str, str] = {}
    for place, some in islice(placed.items(), EXPERIMENTS_MAX):
        rows = workspace.query(_RUNS, (*place, RUNS_MAX))
        others = [_Other(*row) for row in rows]
        configs = _configs(workspace, [*(one[0] for one in some), *(one.run for one in others)])
        for run, _, _, member in some:
            config = configs.get(run)
            same = [
                one for one in others if one.member != member and configs.get(one.run) == config
            ]
            if config and same and (words := _worst(workspace, place, same)):
                found[run] = words
    return found


def _configs(workspace: Workspace, runs: Sequence[str]) -> dict[str, frozenset[tuple[Any, ...]]]:
    marks = ", ".join("?" * len(runs))
    sql = f"SELECT run, name, type, text FROM params WHERE run IN ({marks})"  # noqa: S608
    found: dict[str, list[tuple[Any, ...]]] = {}
    for run, *told in workspace.query(sql, runs):
        found.setdefault(run, []).append(tuple(told))
    return {run: frozenset(some) for run, some in found.items()}


def _worst(workspace: Workspace, place: tuple[str, str], same: Sequence[_Other]) -> str:
    """Say which run failed, else which ended worse than the best; nothing where all went well."""
    for one in same:
        if one.status != "finished":
            ended = "failed" if one.status == "failed" else f"was {one.status}"
            return f"{_named(workspace, one)} {ended} with the same configuration"
    top = spreads(workspace, *place, workspace.record.now_ms() + 1)
    for one in same:
        sql = "SELECT name, min, max FROM metrics WHERE run = ? ORDER BY name"
        for metric, low, high in workspace.query(sql, (one.run,)):
            way = way_of(metric)
            least, most = top.get(metric, (None, None))
            if way is None or None in (low, high, least, most):
                continue
            value, best = (low, least) if way == "lower" else (high, most)
            if value != best:
                told = f"came to {metric} {value:.6g} with the same configuration"
                return f"{_named(workspace, one)} {told} (the best is {best:.6g})"
    return ""


def _named(workspace: Workspace, one: _Other) -> str:
    who = "somebody" if one.member is None else workspace.name_of(one.member)
    return f"{who}'s {one.name} ({one.run[:_SHORT]})"
