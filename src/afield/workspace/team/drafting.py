"""The rolling draft of a handover: what its author holds now, as the record tells it.

Each line has facts with a link and a severity that is suggested; what a person knows besides is
theirs to add. Nothing is written here.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from afield.kernel.ids import MemberId, RunId
from afield.runs.events import RUNNING
from afield.teamwork.handover import Watch, held, lines, offered, watches
from afield.teamwork.query import Item, items_of
from afield.teamwork.sorts.handover import HANDOVER, TOPICS
from afield.teamwork.task import task_standing
from afield.workspace.failures import known_failure
from afield.workspace.progress import progress_of
from afield.workspace.team.asks import asks
from afield.workspace.team.blockers import blockers
from afield.workspace.team.decisions import decisions, windows_of
from afield.workspace.team.hours import hours_of
from afield.workspace.team.items import title_of, words_of
from afield.workspace.team.reviews import reviews
from afield.workspace.team.tasks import tasks
from afield.workspace.team.watching import is_met
from afield.workspace.views import RunView
from afield.workspace.workspace import Workspace

STALLED_MS = 15 * 60_000
"""A run that wrote nothing for so long, on this machine, may hang."""

TASKS_DUE_MS = 36 * 3_600_000
RUNS_MAX = 100
_DAY_MS = 24 * 3_600_000
_LOOKED_BACK_MS = 7 * _DAY_MS
_RUNS = (
    "SELECT id FROM runs WHERE member = ? AND deleted IS NOT TRUE AND reproduces IS NULL"
    " AND started_ms IS NOT NULL"
    " AND (status IS NULL OR status = 'running' OR (status <> 'finished' AND ended_ms >= ?))"
    " ORDER BY started_ms DESC LIMIT ?"
)
_RANK = {"unstable": 0, "watch": 1, "stable": 2}


class Suggested(msgspec.Struct, frozen=True):
    """A line that the record suggests.

    Attributes:
        severity: `unstable`, `watch` or `stable`.
        topic: what it is: see the sort.
        about: a link; None where the record has no thing for it.
        facts: in words, without what a person thinks of it.
        condition: "if", carried over from a contingency that still stands; so are the next three.
    """

    severity: str
    topic: str
    about: str | None
    facts: str
    assessment: str = ""
    condition: str = ""
    when: str = ""
    then: str = ""
    call: str | None = None
    until: int | None = None


def draft(workspace: Workspace, member: MemberId) -> list[Suggested]:
    """Return what a member would hand over now, what needs most care first.

    Args:
        workspace: with its tables up to date.
        member: who hands over.
    """
    known = items_of(workspace.query, HANDOVER)
    now_ms = workspace.record.now_ms()
    found = [
        *_contingencies(workspace, known, member, now_ms),
        *_runs(workspace, known, member, now_ms),
        *_waiting(workspace, known, member),
        *_tasks(workspace, member, now_ms),
        *_temporary(workspace, known, member, now_ms),
    ]
    once: dict[tuple[str, str | None], Suggested] = {}
    for one in found:  # what fires says all that a running run would
        key = ("run" if one.about and one.about.startswith("run:") else one.topic, one.about)
        once.setdefault(key if one.about else (one.facts, None), one)
    return sorted(once.values(), key=lambda one: (_RANK[one.severity], TOPICS.index(one.topic)))


def since_ms(workspace: Workspace, member: MemberId) -> int:
    """Return from when on a member's work was not handed over yet, in Unix milliseconds.

    The last handover of theirs within a week, else the beginning of their last working time.
    """
    now_ms = workspace.record.now_ms()
    starts = [
        start.at_ms
        for item in items_of(workspace.query, HANDOVER)
        if item.author == member and (start := offered(item)) is not None
    ]
    if starts and max(starts) > now_ms - _LOOKED_BACK_MS:
        return max(starts)
    worked = hours_of(workspace, member).working(now_ms - 4 * _DAY_MS, now_ms)
    return worked[-1].start_ms if worked else now_ms - _DAY_MS


def span(seconds: float) -> str:
    """Word a length of time, no finer than a minute: `50 min`, `2 h 10 min`."""
    minutes = round(seconds / 60)
    if minutes < 1:
        return "under a minute"
    if minutes < 60:  # noqa: PLR2004 - an hour
        return f"{minutes} min"
    rest = f" {minutes % 60} min" if minutes % 60 else ""
    return f"{minutes // 60} h{rest}"


def _runs(
    workspace: Workspace, known: list[Item], member: MemberId, now_ms: int
) -> Iterator[Suggested]:
    holders = held(known)
    since = since_ms(workspace, member)
    mine = [row[0] for row in workspace.query(_RUNS, (member, since, RUNS_MAX))]
    taken = [
        link.removeprefix("run:")
        for link, (by, _) in holders.items()
        if by == member and link.startswith("run:")
    ]
    for view in workspace.views(list(dict.fromkeys([*mine, *taken]))):
        holder = holders.get(f"run:{view.id}", (member, 0))[0]
        if holder != member:
            continue
        if view.status == RUNNING:
            yield _running(workspace, view, now_ms)
        elif view.status != "finished" and int(view.started.timestamp() * 1000) >= since - _DAY_MS:
            yield _failed(workspace, view)


def _running(workspace: Workspace, view: RunView, now_ms: int) -> Suggested:
    found = progress_of(workspace, view, now_ms)
    facts = [f"running for {span(found.elapsed_s)} on {view.host or 'a machine without a name'}"]
    if found.left_s is not None:
        by = f"as {found.of} earlier run{'s' if found.of > 1 else ''} of {view.experiment} took"
        facts.append(f"about {span(found.left_s)} left, {by}")
    elif found.by is not None:
        others = f"{found.of} earlier runs" if found.of > 1 else "the earlier run"
        facts.append(f"longer than {others} of {view.experiment}")
    facts += [f"{name} is {view.metrics[name].last:.6g}" for name in found.metrics[:2]]
    quiet_ms = _quiet_ms(workspace, view.id, now_ms)
    severity, topic = ("stable", "running") if found.left_s is not None else ("watch", "running")
    if quiet_ms is not None and quiet_ms > STALLED_MS:
        severity, topic = "unstable", "stalled"
        facts.append(f"nothing new for {span(quiet_ms / 1000)}")
    return Suggested(severity, topic, f"run:{view.id}", "; ".join(facts))


def _failed(workspace: Workspace, view: RunView) -> Suggested:
    known = known_failure(workspace, view)
    after = "" if view.duration_s is None else f" after {span(view.duration_s)}"
    facts = [f"{view.status}{after}"]
    if known is not None:
        facts[0] += f": {known.exception}"
        if known.times_before:
            many = "s" if known.times_before > 1 else ""
            facts.append(f"{known.times_before} earlier run{many} failed so")
        if known.solved is not None:
            facts.append(f"{known.solved.run.name} of the same script went well later")
    solved = known is not None and known.solved is not None
    severity = "stable" if solved or view.status == "interrupted" else "watch"
    return Suggested(severity, "failed", f"run:{view.id}", "; ".join(facts))


def _quiet_ms(workspace: Workspace, run: RunId, now_ms: int) -> int | None:
    """Return for how long a run of this machine wrote nothing; None where nothing tells."""
    files = workspace.record.files
    folder = workspace.live_folder(run)
    try:
        found = [files.stat(f"{folder}/{name}") for name in files.list(folder)]
    except OSError:
        return None
    written = [one.mtime_ns // 1_000_000 for one in found if one is not None]
    return max(0, now_ms - max(written)) if written else None


def _waiting(workspace: Workspace, known: list[Item], member: MemberId) -> Iterator[Suggested]:
    holders = held(known)
    for item in blockers(workspace):
        waits = holders.get(item.link, (item.author, 0))[0]
        if member in {item.get("owner"), waits}:
            owner = workspace.name_of(item.get("owner") or item.author)
            facts = f"{title_of(workspace, item)}; {owner} is to clear it"
            yield Suggested("watch", "blocked", item.link, facts)
    for item in asks(workspace, to=member):
        urgent = item.get("urgency") == "urgent"
        facts = f"{workspace.name_of(item.author)} asks: {title_of(workspace, item)}"
        yield Suggested("watch" if urgent else "stable", "ask", item.link, facts)
    for item in asks(workspace, author=member):
        if item.get("to") != member and holders.get(item.link, (member, 0))[0] == member:
            to = workspace.name_of(item.get("to") or "")
            facts = f"asked of {to}: {title_of(workspace, item)}"
            yield Suggested("stable", "ask", item.link, facts)
    for item in reviews(workspace, reviewer=member):
        by = workspace.name_of(item.author)
        yield Suggested("stable", "review", item.link, f"{by} waits: {title_of(workspace, item)}")
    for item in decisions(workspace, state="proposed"):
        if item.author == member:
            names = [workspace.name_of(one.member) for one in windows_of(workspace, item)
                     if one.is_open and one.member != member]  # fmt: skip
            waits = f"; {', '.join(names)} still have time to comment" if names else ""
            facts = f"proposed: {title_of(workspace, item)}{waits}"
            yield Suggested("stable", "decision", item.link, facts)


def _tasks(workspace: Workspace, member: MemberId, now_ms: int) -> Iterator[Suggested]:
    for item in tasks(workspace, owner=member):
        due = item.get("due")
        if task_standing(item).state != "open" or due is None or due > now_ms + TASKS_DUE_MS:
            continue
        left_s = (due - now_ms) / 1000
        when = f"due in {span(left_s)}" if left_s > 0 else f"{span(-left_s)} overdue"
        severity = "watch" if left_s <= 0 else "stable"
        yield Suggested(severity, "task", item.link, f"{title_of(workspace, item)}; {when}")


def _contingencies(
    workspace: Workspace, known: list[Item], member: MemberId, now_ms: int
) -> Iterator[Suggested]:
    for one in watches(known, now_ms):
        if one.member == member:
            fires = is_met(workspace, one)
            yield _carried(workspace, one, "unstable" if fires else "watch",
                           "firing" if fires else "running")  # fmt: skip


def _carried(workspace: Workspace, one: Watch, severity: str, topic: str) -> Suggested:
    words: dict[str, Any] = {
        name: words_of(workspace, one.line.get(name))
        for name in ("facts", "assessment", "condition", "when", "then")
    }
    if topic == "firing":
        words["facts"] = f"{words['when']}: it is so now; {words['facts']}"
    about = one.line.get("about")
    return Suggested(severity, topic, about, call=one.line.get("call"), **words)


def _temporary(
    workspace: Workspace, known: list[Item], member: MemberId, now_ms: int
) -> Iterator[Suggested]:
    """Yield changes that were said to be temporary, for as long as they are in force."""
    for item in known:
        for line in lines(item):
            until = line.get("until")
            is_mine = line.state == "accepted" and line.by is not None and line.by.member == member
            if line.get("topic") == "temporary" and is_mine and (until is None or until > now_ms):
                values: dict[str, Any] = {
                    name: words_of(workspace, line.get(name))
                    for name in ("facts", "assessment", "condition", "when", "then")
                }
                about, call = line.get("about"), line.get("call")
                yield Suggested(line.severity, "temporary", about, call=call, until=until, **values)
