"""The page on a large record: first table, scrolling, twenty lines drawn, memory of the tab.

`python -m benchmarks.page [--runs 10000] [--metrics 2000] [--steps 100000] [--folder F]`. Bounds:
the first rows in 1 s, no task over 50 ms while it scrolls, 20 lines within 200 ms of the click, 300
MB of the tab. A folder that holds a record already is measured as it stands. Chromium is the
machine's own; without it nothing is measured, and 2 is returned.

What is made: every run tells a summary of every metric, as at its end; of `DRAWN` runs, the newest,
`WHOLE` metrics have all their steps. Series of the others would take a terabyte.
"""

from __future__ import annotations

import argparse
import importlib
import math
import random
import statistics
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

import afield
from afield.journal import Draft, Journal
from afield.kernel.ids import new_run_id
from afield.runs import events
from afield.workspace.workspace import Workspace
from benchmarks.hub import served

STARTED_MS = 1_760_000_000_000
DRAWN = 20
WHOLE = 10
AT_ONCE = 50
PARAMS = 10
TURNS = 6
ROWS_MS_MAX = 1_000
TASK_MS_MAX = 50
DRAWN_MS_MAX = 200
TAB_MB_MAX = 300


def metric_names(count: int) -> list[str]:
    """Return names as large trainings have them: some results, then parts of every layer."""
    plain = ["loss", "accuracy", "val/loss", "val/accuracy", "lr", "grad_norm"]
    parts = ("weight_norm", "grad_norm", "update_ratio", "dead_units")
    layers = (f"layer{at // len(parts)}/{parts[at % len(parts)]}" for at in range(count))
    return [*plain, *layers][:count]


def drafts_of(index: int, metrics: list[str], steps: int, rng: random.Random) -> list[Draft]:
    """Return what one run that has ended wrote."""
    run = new_run_id()
    started_ms = STARTED_MS + index * 60_000
    names = {"project": "large", "experiment": f"e{index % 20}", "name": f"run-{index:05}"}
    summaries = {}
    for name in metrics:
        last = rng.random()
        one = {"last": last, "min": 0.0, "max": 1.0, "mean": 0.5, "count": steps}
        summaries[name] = one
    params = {f"p{at}": rng.random() for at in range(1, PARAMS)}
    params["p0"] = rng.choice(["tree", "svm", "mlp"])
    ended = {"status": "finished", "exit_code": 0, "ended_ms": started_ms + 50_000}
    return [
        Draft(events.STARTED, run, {**names, "started_ms": started_ms}),
        Draft(events.PARAMS, run, {"params": params}),
        Draft(events.ENDED, run, {**ended, "metrics": summaries}),
    ]


def tell(journal: Journal, runs: int, metrics: list[str], steps: int) -> None:
    """Write the runs that are known by their summaries."""
    rng = random.Random(7)
    drafts: list[Draft] = []
    for index in range(runs):
        drafts += drafts_of(index, metrics, steps, rng)
        if len(drafts) >= AT_ONCE * 3:
            journal.append_many(drafts)
            drafts = []
    journal.append_many(drafts)


def draw(folder: Path, metrics: list[str], steps: int) -> None:
    """Record the runs whose lines are drawn, with every step of their first metrics."""
    whole, rest = metrics[:WHOLE], metrics[WHOLE:]
    for number in range(DRAWN):
        config = {"p0": "tree", "p1": number / DRAWN}
        run = afield.init(
            project="large", name=f"drawn-{number:02}", config=config, workspace=folder
        )
        run.log(dict.fromkeys(rest, 0.5), step=0)
        for step in range(steps):
            value = math.exp(-step / steps * (number + 1)) + (step * 7919 % 101) / 2000
            run.log(dict.fromkeys(whole, value), step=step)
        run.finish()


def make(folder: Path, runs: int, metrics: int, steps: int) -> None:
    """Make the record and its tables; say what each part takes."""
    names = metric_names(metrics)
    start = time.perf_counter()
    with Workspace.init(folder) as workspace:
        tell(workspace.record.journal, runs - DRAWN, names, steps)
    told = time.perf_counter()
    print(f"{runs - DRAWN:,} runs of {metrics:,} metrics told: {told - start:.0f} s", flush=True)
    draw(folder, names, steps)
    drawn = time.perf_counter()
    print(f"{DRAWN} of {WHOLE} x {steps:,} steps recorded: {drawn - told:.0f} s", flush=True)
    with Workspace.open(folder) as workspace:
        workspace.refresh()
    print(f"folded: {time.perf_counter() - drawn:.0f} s", flush=True)


_WATCH = """
window.longTasks = [];
new PerformanceObserver((list) => {
  for (const task of list.getEntries()) window.longTasks.push(task.duration);
}).observe({type: 'longtask', buffered: true});
window.seen = (selector) => new Promise((done) => {
  const look = () => document.querySelector(selector)
    ? requestAnimationFrame(() => setTimeout(() => done(performance.now())))
    : requestAnimationFrame(look);
  look();
});
"""
"""Tells of long tasks, and when what a selector finds has been painted."""


def opened(browser, address: str):
    """Return a page of a reader who was never here."""
    context = browser.new_context(base_url=address, viewport={"width": 1440, "height": 900})
    page = context.new_page()
    page.add_init_script(_WATCH)
    return page


def first_rows(browser, address: str, turns: int) -> tuple[list[float], list[float]]:
    """Return when the first rows were there, and when the first value of a metric was, in ms."""
    rows, values = [], []
    for _ in range(turns):
        page = opened(browser, address)
        page.goto("/runs")
        rows.append(page.evaluate("seen('.runs-name')"))
        values.append(page.evaluate("seen('.runs-metric')"))
        page.context.close()
    return rows, values


def scrolled(page) -> list[float]:
    """Scroll through all rows, as with a wheel, then in leaps; return the long tasks, in ms."""
    page.goto("/runs")
    page.locator(".runs-metric").first.wait_for()
    page.wait_for_load_state("networkidle")
    page.evaluate("longTasks.length = 0")
    page.locator(".table").hover()
    for delta in [120] * 100 + [3000] * 100 + [-3000] * 50:
        page.mouse.wheel(0, delta)
        page.wait_for_timeout(16)
    page.locator(".table .runs-name").first.wait_for()
    page.wait_for_timeout(1000)
    return page.evaluate("longTasks")


def drawn(page, runs: list[str], turns: int) -> list[float]:
    """Return what goes by from the click on Charts until the lines of a chart are there, in ms."""
    taken = []
    for _ in range(turns):
        page.goto(f"/compare?runs={','.join(runs)}")
        page.get_by_role("region", name="What differs").wait_for()
        page.wait_for_load_state("networkidle")
        page.evaluate("""() => {
            const tab = [...document.querySelectorAll('[role=tab]')].find(
                (one) => one.textContent === 'Charts');
            tab.addEventListener('click', () => {
                const from = performance.now();
                window.taken = seen('.plot[aria-label*="more"] canvas').then(
                    (at) => at - from);
            });
        }""")
        page.get_by_role("tab", name="Charts").click()
        taken.append(page.evaluate("taken"))
    return taken


def memory_mb(browser) -> list[float]:
    """Return what each tab's process has for itself, in MB."""
    found = browser.new_browser_cdp_session().send("SystemInfo.getProcessInfo")["processInfo"]
    sizes = []
    for one in found:
        if one["type"] == "renderer":
            lines = Path(f"/proc/{one['id']}/smaps_rollup").read_text(encoding="utf-8").splitlines()
            sizes.append(sum(int(line.split()[1]) for line in lines if "Private" in line) / 1000)
    return sorted(sizes)


def show(label: str, values: list[float], most: float, unit: str = "ms") -> bool:
    """Print a figure beside its bound; tell whether it holds."""
    middle, worst = statistics.median(values), max(values)
    print(f"{label:40}{middle:8.0f} {unit}, at most {worst:.0f} (bound {most:.0f})", flush=True)
    return middle <= most


def measure(folder: Path) -> int:
    """Measure the page on a record; return 1 when a bound is missed, 2 when nothing can be."""
    sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "browser"))
    chromium = importlib.import_module("chromium")
    if chromium.chromium() is None:
        print("not run: Chromium is not installed")
        return 2
    with afield.open(folder) as workspace:
        runs = [run.id for run in workspace.runs("order by started desc", limit=DRAWN)]
    with served(str(folder)) as (_, port), chromium.browser() as browser:
        address = f"http://127.0.0.1:{port}"
        rows, values = first_rows(browser, address, TURNS)
        print(f"the very first: rows {rows[0]:.0f} ms, values of metrics {values[0]:.0f} ms")
        held = show("first rows", rows[1:], ROWS_MS_MAX)
        show("first values of metrics", values[1:], ROWS_MS_MAX)
        page = opened(browser, address)
        tasks = scrolled(page)
        held &= show("longest task while it scrolls", [max(tasks, default=0)], TASK_MS_MAX)
        show("tab after it", memory_mb(browser)[-1:], TAB_MB_MAX, "MB")
        clicks = drawn(page, runs, TURNS)
        print(f"the very first click: {clicks[0]:.0f} ms")
        held &= show(f"{DRAWN} lines after the click", clicks[1:], DRAWN_MS_MAX)
        held &= show("tab after all", memory_mb(browser)[-1:], TAB_MB_MAX, "MB")
    return 0 if held else 1


def main(arguments: list[str]) -> int:
    """Make a record unless there is one, and measure."""
    words = argparse.ArgumentParser(prog="python -m benchmarks.page")
    for name, count in (("runs", 10_000), ("metrics", 2_000), ("steps", 100_000)):
        words.add_argument(f"--{name}", type=int, default=count)
    words.add_argument("--folder", type=Path)
    asked = words.parse_args(arguments)
    with ExitStack() as ends:
        folder = asked.folder or Path(ends.enter_context(tempfile.TemporaryDirectory()))
        if not (folder / ".afield").is_dir():
            make(folder, asked.runs, asked.metrics, asked.steps)
        return measure(folder)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
