"""Folding a real journal into SQLite, and a page of 50 runs at 10,000 and 100,000 runs.

`python -m benchmarks.projection [--quick]`. Bounds: 30,000 entries/s folded; a page filtered and
sorted by a metric under 20 ms at 10,000 and under 100 ms at 100,000 runs, warm. What is `short by`
something is named at the end, and 1 is returned.

Two journals are folded: `used`, what a person's runs leave (a run of 3 params and 3 metrics, a
tag, a note, a name), and `full`, runs of 10 params and 10 metrics.
"""

from __future__ import annotations

import random
import statistics
import sys
import tempfile
import time
from pathlib import Path

from afield.journal import DeviceKey, Draft, Journal
from afield.kernel.clock import SystemClock
from afield.kernel.files import OsFileSystem
from afield.kernel.ids import new_run_id
from afield.members import device_introduced
from afield.members.fold import ROOM as MEMBERS
from afield.projection import Projection
from afield.projection.language import parse
from afield.projection.search import search
from afield.runs.fold import ROOM as RUNS
from afield.runs.query import CATALOG

STARTED_MS = 1_760_000_000_000
MEMBER = "m" * 16
CLOCK = SystemClock()
ENTRIES_PER_S_MIN = 30_000
PAGE = ("metrics.m0 > 0.5 order by metrics.m0 desc", 50)
PAGE_MS_MAX = {1_000: 20, 10_000: 20, 100_000: 100}
QUERIES = (
    PAGE,
    ("metrics.m0 > 0.5 order by metrics.m0 desc", None),
    ("metrics.m0 > 0.9 and params.p0 = 'tree' order by metrics.m1 desc", 50),
    ("metrics.m0 > 0.5", 50),
    ("metrics.m0 > 0.999", 50),
    ("order by metrics.m1", 50),
    ("", 50),
    ("status = 'failed'", 50),
    ("name ilike '%99%' order by duration desc", 50),
)


def open_journal(folder: Path) -> Journal:
    """Make a journal with an introduced device."""
    key = DeviceKey.generate()
    journal = Journal(
        str(folder / "journal"),
        OsFileSystem(),
        CLOCK,
        key=key,
        device=key.device,
        member=MEMBER,
        sync_within_s=None,
    )
    journal.append_many([device_introduced(key.device, public_key=key.public, member=MEMBER)])
    return journal


def run_drafts(index: int, rng: random.Random, width: int) -> list[Draft]:
    """What one run with `width` params and metrics writes."""
    run = new_run_id()
    started_ms = STARTED_MS + index * 1000
    params = {f"p{k}": rng.random() for k in range(1, width)}
    params["p0"] = rng.choice(["tree", "svm", "mlp"])
    numbers = {"min": 0.0, "max": 1.0, "mean": 0.5, "count": 100}
    return [
        Draft(
            "run.started",
            run,
            {"project": "p", "experiment": "e", "name": f"run-{index}", "started_ms": started_ms},
        ),
        Draft("run.params", run, {"params": params}),
        Draft(
            "run.ended",
            run,
            {
                "status": "finished",
                "exit_code": 0,
                "ended_ms": started_ms + rng.randrange(1_000_000),
                "metrics": {f"m{k}": {"last": rng.random(), **numbers} for k in range(width)},
            },
        ),
    ]


def more_drafts(run: str) -> list[Draft]:
    """What people do to a run afterwards."""
    return [
        Draft("run.tagged", run, {"set": {"stage": "try"}, "unset": []}),
        Draft("run.noted", run, {}, ("0" * 64,)),
        Draft("run.named", run, {"name": "a better name"}),
    ]


def fill(journal: Journal, runs: int, width: int, *, used: bool) -> None:
    """Write the entries of some runs."""
    rng = random.Random(7)
    drafts: list[Draft] = []
    for index in range(runs):
        found = run_drafts(index, rng, width)
        drafts += found
        if used:
            drafts += more_drafts(found[0].about)
        if len(drafts) >= 3000:
            journal.append_many(drafts)
            drafts = []
    journal.append_many(drafts)


def fold(journal: Journal, path: Path) -> tuple[int, float, float]:
    """Fold into a new file; return entries, wall seconds, CPU seconds."""
    for each in path.parent.glob(f"{path.name}*"):
        each.unlink()
    projection = Projection(str(path), [MEMBERS, RUNS])
    wall, cpu = time.perf_counter(), time.process_time()
    entries = projection.refresh(journal)
    taken = time.perf_counter() - wall, time.process_time() - cpu
    projection.close()
    return entries, *taken


def median_ms(work: object, times: int) -> float:
    """Return the median time of a call, in milliseconds."""
    taken = []
    for _ in range(times):
        start = time.perf_counter()
        work()
        taken.append((time.perf_counter() - start) * 1000)
    return statistics.median(taken)


def show_fold(label: str, journal: Journal, path: Path, times: int) -> list[str]:
    """Print the median fold rate; return what it falls short of."""
    rounds = [fold(journal, path) for _ in range(times)]
    entries = rounds[0][0]
    wall_s = statistics.median(wall for _, wall, _ in rounds)
    cpu_s = statistics.median(cpu for _, _, cpu in rounds)
    size_mb = path.stat().st_size / 1e6
    print(
        f"{label:34} {entries:9,} {entries / wall_s:12,.0f} {entries / cpu_s:12,.0f} {size_mb:8.1f}"
    )
    short = ENTRIES_PER_S_MIN - entries / wall_s
    if short <= 0:
        return []
    return [f"fold, {label}: short by {short:,.0f} entries/s: at least {ENTRIES_PER_S_MIN:,}"]


def show_pages(journal: Journal, path: Path, runs: int) -> list[str]:
    """Print the median time of each query; return what the page falls short of."""
    projection = Projection(str(path), [MEMBERS, RUNS])
    projection.refresh(journal)
    print(f"\n{runs:,} runs of 10 params and 10 metrics, warm{'rows':>23} {'ms':>9}")
    missed = []
    for text, limit in QUERIES:

        def page(text=text, limit=limit):
            return search(projection, parse(text), CATALOG, clock=CLOCK, limit=limit)

        rows = len(page())
        print(f"{(text or '(newest)') + ('' if limit else '  [all]'):66} {rows:5} ", end="")
        taken_ms, most_ms = median_ms(page, 15), PAGE_MS_MAX[runs]
        print(f"{taken_ms:9.2f}")
        if (text, limit) == PAGE and taken_ms > most_ms:
            short = f"short by {taken_ms - most_ms:.1f} ms: at most {most_ms} ms"
            missed.append(f"a page of {runs:,} runs: {short}")
    fresh = median_ms(lambda: projection.refresh(journal), 200)
    print(f"{'refresh when nothing is new':66} {'':5} {fresh:9.3f}")
    projection.close()
    return missed


def main() -> int:
    """Print all tables; return whether a bound is missed."""
    missed = []
    quick = "--quick" in sys.argv
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        print(f"{'fold into a new file':34} {'entries':>9} {'entries/s':>12} ", end="")
        print(f"{'per CPU s':>12} {'MB':>8}")
        used = open_journal(folder / "used")
        fill(used, 500 if quick else 10_000, 3, used=True)
        missed += show_fold("used: 6 entries a run, 3+3 values", used, folder / "used.db", 3)
        used.close()
        for runs in (1_000,) if quick else (10_000, 100_000):
            journal = open_journal(folder / str(runs))
            fill(journal, runs, 10, used=False)
            path = folder / f"{runs}.db"
            times = 3 if runs < 50_000 else 1
            missed += show_fold("full: 3 entries a run, 10+10", journal, path, times)
            missed += show_pages(journal, path, runs)
            journal.close()
            print()
    for line in missed:
        print(line)
    return bool(missed)


if __name__ == "__main__":
    sys.exit(main())
