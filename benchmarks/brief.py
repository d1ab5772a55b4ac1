"""The brief over a record of 100,000 entries: what happened in a week, for who was away.

`python -m benchmarks.brief [--quick]`. Bound: 300 ms, with the record opened anew each time, as a
command does. The inbox alone is told beside it. What is short by something is named at the end,
and 1 is returned.
"""

from __future__ import annotations

import random
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from afield.journal import Draft
from afield.kernel.ids import MemberId, new_run_id
from afield.runs import events
from afield.teamwork import events as team
from afield.teamwork.events import Change
from afield.teamwork.shapes import COMMENTED
from afield.teamwork.sorts.ask import ANSWERED, ASK
from afield.teamwork.sorts.decision import DECISION, SETTLED
from afield.teamwork.sorts.task import FINISHED, TASK
from afield.teamwork.sorts.thread import THREAD
from afield.workspace.team.brief import brief
from afield.workspace.team.inbox import inbox
from afield.workspace.workspace import Workspace

MS_MAX = 300.0
RUNS_OF_ENTRIES = 5
WEEK_MS = 7 * 24 * 3_600_000
READER = MemberId("0" * 16)
"""Somebody who did none of it."""


def run_drafts(index: int, count: int, now_ms: int, rng: random.Random) -> Iterator[Draft]:
    """Yield what a run writes: most of them are older than the week."""
    run = new_run_id()
    begun_ms = now_ms - (count - index) * 10 * WEEK_MS // count
    name = f"run-{index}"
    body = {"project": f"p{index % 7}", "experiment": f"e{index % 50}", "name": name,
            "started_ms": begun_ms}  # fmt: skip
    yield Draft(events.STARTED, run, body)
    yield Draft(events.PARAMS, run, {"params": {"lr": rng.random(), "model": "tree"}})
    loss = rng.random()
    point = {"last": loss, "min": loss, "max": 1.0, "mean": loss, "count": 100}
    yield Draft(events.MEASURED, run, {"metrics": {"loss": point, "acc": point}})
    failed = rng.random() < 0.2
    status = "failed" if failed else "finished"
    yield Draft(events.ENDED, run, {"status": status, "ended_ms": begun_ms + 60_000})


def team_drafts(index: int, workspace: Workspace, rng: random.Random) -> Iterator[Draft]:
    """Yield what people say: asks with answers, decisions, tasks, comments; a few to the reader."""
    said = workspace.record.vault.put(f"words {index}".encode(), meta=True)
    member = workspace.config.member
    item = team.new_id()
    sort, move = ((ASK, ANSWERED), (DECISION, SETTLED), (TASK, FINISHED), (THREAD, COMMENTED))[
        index % 4
    ]
    fields: dict[str, str] = {} if sort is THREAD else {"title": said}
    if sort is ASK:
        fields["to"] = READER if rng.random() < 0.02 else member
    yield team.made(sort, item, Change(fields), project="p0")
    if fields.get("to") != READER:
        values = {"outcome": "accepted"} if sort is DECISION else {"text": said}
        yield team.moved(sort, item, move, values)


def filled(folder: Path, entries: int) -> int:
    """Make a workspace with so many entries; return how many there are."""
    rng = random.Random(5)
    with Workspace.init(folder) as workspace:
        now_ms = workspace.record.now_ms()
        runs = entries // RUNS_OF_ENTRIES
        drafts: list[Draft] = []
        for index in range(runs):
            drafts += run_drafts(index, runs, now_ms, rng)
        for index in range((entries - len(drafts)) // 2):
            drafts += team_drafts(index, workspace, rng)
        workspace.record.vault.flush()
        workspace.record.journal.append_many(drafts)
        workspace.refresh()
    return len(drafts)


def timed(folder: Path, rounds: int) -> tuple[list[float], list[float], list[float], str]:
    """Return milliseconds of opening and briefing, of briefing, of the inbox; and what was told."""
    whole, warm, letters, told = [], [], [], ""
    for _ in range(rounds):
        begun = time.perf_counter()
        with Workspace.open(folder) as workspace:
            workspace.refresh()
            opened = time.perf_counter()
            found = brief(workspace, READER, workspace.record.now_ms() - WEEK_MS)
            done = time.perf_counter()
            inbox(workspace, READER)
            letters.append((time.perf_counter() - done) * 1000)
        whole.append((done - begun) * 1000)
        warm.append((done - opened) * 1000)
        told = ", ".join(f"{one.name} {len(one.lines) + one.more}" for one in found.sections)
    return whole, warm, letters, told


def main(arguments: list[str]) -> int:
    """Measure and tell; 1 when a bound is missed."""
    entries = 10_000 if "--quick" in arguments else 100_000
    with tempfile.TemporaryDirectory() as holder:
        folder = Path(holder)
        count = filled(folder, entries)
        whole, warm, letters, told = timed(folder, 9)
    print(f"{count:,} entries; a week: {told}")
    for name, found in (("opened anew", whole), ("the brief", warm), ("the inbox", letters)):
        print(f"{name:12}  median {statistics.median(found):7.1f} ms  worst {max(found):7.1f} ms")
    short = statistics.median(whole) - MS_MAX
    if short > 0:
        print(f"short by {short:.0f} ms: the brief, opened anew (bound {MS_MAX:.0f} ms)")
    return int(short > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
