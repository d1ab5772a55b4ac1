"""What happened between two instants, as people tell it to one another: one list of lines.

Queries over the tables, bounded; nothing is kept. Who may see what is for the caller to say.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Literal

import msgspec

from afield.kernel.clock import COUNTER_BITS, stamp_to_ms
from afield.teamwork.query import Item, read
from afield.teamwork.shapes import Sort
from afield.teamwork.sorts.ask import ASK
from afield.teamwork.sorts.decision import DECISION
from afield.teamwork.sorts.handover import HANDOVER
from afield.teamwork.sorts.review import REVIEW
from afield.teamwork.sorts.task import TASK
from afield.workspace.team.best import bests
from afield.workspace.team.decisions import superseded_by, windows_of
from afield.workspace.team.items import title_of, words_of
from afield.workspace.team.links import label_of
from afield.workspace.team.tried import tried
from afield.workspace.workspace import Workspace

Kind = Literal[
    "best", "failed", "finished", "reproduced", "data", "model", "decided", "proposed",
    "judged", "done", "answered", "took",
]  # fmt: skip
LINES_MAX = 500
"""Lines of one kind, the newest; what is beyond them is not told."""

WORDED_MAX = 100
"""Of these, so many are called as people call them; the others, which are counted, by their id."""

_RUNS = (
    "SELECT id, name, project, experiment, member, status, ended_ms, failure, exception FROM runs"
    " WHERE ended_ms >= ? AND ended_ms < ? AND deleted IS NOT TRUE AND reproduces IS NULL"
)
_VERDICTS = (
    'SELECT p.original, r.name, r.project, p.verdict, p.cause_kind, p.member, p."at"'
    " FROM reproductions p JOIN runs r ON r.id = p.original"
    ' WHERE p."at" >= ? AND p."at" < ?'
)
_DATA = 'SELECT name, tree, member, "at" FROM dataset_versions WHERE "at" >= ? AND "at" < ?'
_MODELS = (
    'SELECT v.model, v.device, v.seq, v.member, v."at", m.project FROM model_versions v'
    " JOIN registered_models m ON m.id = v.model"
    ' WHERE v."at" >= ? AND v."at" < ?'
)
_MOVES = (
    'SELECT item, sort, move, member, "at", with_json FROM item_moves WHERE "at" >= ? AND "at" < ?'
    " AND move IN ('settled', 'proposed', 'judged', 'finished', 'answered', 'accepted')"
)
_MOVE_KINDS: dict[tuple[str, str], Kind] = {
    ("decision", "settled"): "decided",
    ("decision", "proposed"): "proposed",
    ("review", "judged"): "judged",
    ("task", "finished"): "done",
    ("ask", "answered"): "answered",
    ("handover", "accepted"): "took",
}
_SORTS: dict[str, Sort] = {one.name: one for one in (ASK, DECISION, HANDOVER, REVIEW, TASK)}


class Change(msgspec.Struct, frozen=True):
    """One thing that happened.

    Attributes:
        kind: what.
        member: who did it.
        at_ms: when, in Unix milliseconds.
        link: to what it is about.
        project: where; None for data.
        title: what that is called.
        text: what is to be said of it; empty where the kind says all.
        due_ms: until when others can speak to it, in Unix milliseconds.
    """

    kind: Kind
    member: str | None
    at_ms: int
    link: str
    project: str | None
    title: str
    text: str = ""
    due_ms: int | None = None


def changes(
    workspace: Workspace, since_ms: int, until_ms: int, *, member: str | None = None
) -> list[Change]:
    """Return what happened in [`since_ms`, `until_ms`), the newest first; by one member only.

    Args:
        workspace: with its tables up to date.
        since_ms: the beginning, in Unix milliseconds.
        until_ms: the end.
        member: whose; None: everybody's.
    """
    found = [
        *_best(workspace, since_ms, until_ms),
        *_ended(workspace, since_ms, until_ms, member),
        *_verdicts(workspace, since_ms, until_ms, member),
        *_versions(workspace, since_ms, until_ms, member),
        *_moves(workspace, since_ms, until_ms, member),
    ]
    mine = found if member is None else [one for one in found if one.member == member]
    return sorted(mine, key=lambda one: -one.at_ms)


def _best(workspace: Workspace, since_ms: int, until_ms: int) -> Iterator[Change]:
    for one in bests(workspace, since_ms, until_ms):
        way = f"{one.way} is better, by its name"
        text = f"{one.metric} {one.before:.6g} → {one.value:.6g} ({way})"
        link = f"run:{one.run}"
        yield Change("best", one.member, one.ended_ms, link, one.project, one.name, text)


def _newest(
    workspace: Workspace,
    sql: str,
    since_ms: int,
    until_ms: int,
    member: str | None,
    *,
    of: str = "",
) -> Sequence[tuple[Any, ...]]:
    """Return the newest rows of a span, of one member only if asked; `of` is the table's alias."""
    mine = "" if member is None else f" AND {of}member = ?"
    whose = () if member is None else (member,)
    asked = f'{sql}{mine} ORDER BY {of}"at" DESC LIMIT ?'
    return workspace.query(asked, (*_stamps(since_ms, until_ms), *whose, LINES_MAX))


def _ended(
    workspace: Workspace, since_ms: int, until_ms: int, member_only: str | None
) -> Iterator[Change]:
    failures: dict[str, int] = {}
    mine = "" if member_only is None else " AND member = ?"
    whose = () if member_only is None else (member_only,)
    rows: list[tuple[Any, ...]] = []
    for ended in ("<> 'finished'", "= 'finished'"):  # the many that went well hide no failure
        asked = f"{_RUNS}{mine} AND status {ended} ORDER BY ended_ms DESC LIMIT ?"
        rows += workspace.query(asked, (since_ms, until_ms, *whose, LINES_MAX))
    broken = [(row[0], row[2], row[3], row[4]) for row in rows if row[5] != "finished"]
    known = tried(workspace, broken)
    for row in rows:
        run, name, project, experiment, member, status, ended_ms, failure, exception = row
        kind: Kind = "finished" if status == "finished" else "failed"
        text = f"in {experiment}" if kind == "finished" else str(status)
        if failure is not None:
            if failure in failures:  # the newest stands for all that failed so
                continue
            failures[failure] = 1
            text = f"{exception}{_others(workspace, run, failure, project)}"
        text += f"; {known[run]}" if run in known else ""
        yield Change(kind, member, ended_ms, f"run:{run}", project, name, text)


def _others(workspace: Workspace, run: str, failure: str, project: str | None) -> str:
    """Say how often a failure was had in a project, and by whom: a result that others have."""
    sql = (
        "SELECT member, COUNT(*) FROM runs WHERE failure = ? AND id <> ? AND project = ?"
        " AND deleted IS NOT TRUE AND reproduces IS NULL GROUP BY member ORDER BY 2 DESC, 1"
    )
    rows = workspace.query(sql, (failure, run, project))
    if not rows:
        return ""
    many, names = sum(row[1] for row in rows), [workspace.name_of(row[0]) for row in rows[:3]]
    return f"; {many} other run{'s' if many > 1 else ''} failed so ({', '.join(names)})"


def _verdicts(
    workspace: Workspace, since_ms: int, until_ms: int, member_only: str | None
) -> Iterator[Change]:
    rows = _newest(workspace, _VERDICTS, since_ms, until_ms, member_only, of="p.")
    for original, name, project, verdict, cause, member, at in rows:
        text = f"{verdict} ({cause})" if cause else verdict
        yield Change("reproduced", member, stamp_to_ms(at), f"run:{original}", project, name, text)


def _versions(
    workspace: Workspace, since_ms: int, until_ms: int, member_only: str | None
) -> Iterator[Change]:
    rows = _newest(workspace, _DATA, since_ms, until_ms, member_only)
    for name, tree, member, at in rows:
        link = f"data:{name}@{tree}"
        title = label_of(workspace, link)
        yield Change("data", member, stamp_to_ms(at), link, None, title)
    rows = _newest(workspace, _MODELS, since_ms, until_ms, member_only, of="v.")
    for model, device, seq, member, at, project in rows:
        link = f"model:{model}@{device}-{seq}"
        title = label_of(workspace, link)
        yield Change("model", member, stamp_to_ms(at), link, project, title)


def _moves(
    workspace: Workspace, since_ms: int, until_ms: int, member_only: str | None
) -> Iterator[Change]:
    rows = [
        row
        for sorts in ("= 'decision'", "<> 'decision'")
        for row in _newest(workspace, f"{_MOVES} AND sort {sorts}", since_ms, until_ms, member_only)
    ]
    items: dict[str, Item] = {}
    for name, sort in _SORTS.items():
        ids = list({row[0] for row in rows if row[1] == name})
        items |= {one.link: one for one in read(workspace.query, sort, ids)}
    worded = {id(row) for row in _first_of_each(rows)}
    for row in rows:
        id_, sort_name, move, member, at, words = row
        kind = _MOVE_KINDS.get((sort_name, move))
        item = items.get(f"{sort_name}:{id_}")
        if kind is None or item is None or (move, member, at) not in _counted(item):
            continue
        values = msgspec.json.decode(words)
        said = values.get("outcome") or values.get("verdict") or ""
        text, title, due_ms = "", f"{sort_name} {id_[:8]}", None
        if id(row) in worded:
            found = words_of(workspace, values.get("synthesis") or values.get("text"))
            text, title = " ".join(found.split()), title_of(workspace, item)
            if kind == "decided":
                said += _superseded(workspace, item)
            elif kind == "proposed":
                open_ms = [one.closes_ms for one in windows_of(workspace, item) if one.is_open]
                due_ms = max((one for one in open_ms if one is not None), default=None)
        told = f"{said}: {text}" if said and text else said or text
        yield Change(kind, member, stamp_to_ms(at), item.link, item.project, title, told, due_ms)


def _counted(item: Item) -> set[tuple[str, str, int]]:
    """Return the moves that count: not those of who could not make them, which the tables hold."""
    return {(one.name, one.member, one.at) for one in item.moves}


def _superseded(workspace: Workspace, item: Item) -> str:
    """Say which decisions stand for one now."""
    by = [title_of(workspace, one) for one in superseded_by(workspace, item)]
    return f", now superseded by {', '.join(by)}" if by else ""


def _first_of_each(rows: Sequence[tuple[Any, ...]]) -> Iterator[tuple[Any, ...]]:
    """Yield the first rows of each sort, as many as are called by their names."""
    many: dict[str, int] = {}
    for row in rows:
        many[row[1]] = many.get(row[1], 0) + 1
        if many[row[1]] <= WORDED_MAX:
            yield row


def _stamps(since_ms: int, until_ms: int) -> tuple[int, int]:
    return since_ms << COUNTER_BITS, until_ms << COUNTER_BITS
