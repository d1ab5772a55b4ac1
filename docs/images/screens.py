"""Takes the pictures of the page in the documentation: `make screenshots`.

    python docs/images/screens.py [--record FOLDER]

A record of real runs (lab.py) is made, unless one is named, and `afield up` shows it to Chromium,
in light and in dark; the team's day (`afield demo --team`) is played, and shown as Mia sees it.
Writes `page-<name>-<light|dark>.png` beside this file.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib
import io
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import lab
from PIL import Image

import afield

HERE = Path(__file__).parent
LOOKS = ("light", "dark")
SIZE = {"width": 1280, "height": 800}
COLOURS = 128
COMPARED = 12
DRAWN_MS = 12_000  # some epochs of the run that goes on
SETTLED_MS = 2_000  # charts and previews come after the heading
WAKES = datetime(2026, 12, 1, 9, 5, tzinfo=ZoneInfo("America/Los_Angeles"))
TEAM = {"brief": "/brief?since=2d", "people": "/people"}


def views(project: Path) -> dict[str, str]:
    """Return the addresses that are taken, by the names of their pictures."""
    workspace = afield.open(project)
    sweep = [run for run in workspace.runs() if (run.name or "").startswith("sweep-")]
    ids = ",".join(run.id for run in sorted(sweep, key=lambda run: run.name)[:COMPARED])
    best = workspace.run("small-batches").id
    return {
        "runs": "/runs?courses=true",
        "run": f"/runs/{best}?tab=charts&closed=recall",
        "compare": f"/compare?runs={ids}&tab=charts&group=lr&closed=recall",
        "parallel": f"/compare?runs={ids}&tab=parallel&metric=test/accuracy",
        "data": "/data/digits@2?tab=columns",
        "why": "/why?what=small-batches:metrics.test/accuracy",
        "search": "/search?q=batches",
    }


@contextlib.contextmanager
def shown(project: Path, at: datetime | None = None) -> Iterator[str]:
    """Yield the address of `afield up` on a record; as if it were another time, if one is said."""
    door = ["afield"]
    if at is not None:
        door = ["afield.cli.rehearsal", str(int(at.timestamp() * 1000))]
    words = [sys.executable, "-m", *door, "up", "--port", "0", "--workspace", str(project)]
    with subprocess.Popen(words, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stderr is not None
            line = process.stderr.readline()
            address = re.search(r"http://\S+", line)
            if address is None:
                sys.exit(f"afield up: {line}")
            yield address[0]
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=60)


def take(chromium: Any, address: str, name: str, at: datetime | None = None) -> None:
    """Write the pictures of an address, in every look."""
    for look in LOOKS:
        zone = {} if at is None else {"timezone_id": str(at.tzinfo)}
        context = chromium.new_context(viewport=SIZE, color_scheme=look, **zone)
        page = context.new_page()
        if at is not None:
            page.clock.install(time=at)
        page.goto(address, wait_until="load")
        page.locator("h1").first.wait_for()
        page.wait_for_timeout(SETTLED_MS)
        picture = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
        few = picture.quantize(COLOURS, dither=Image.Dither.NONE)
        few.save(HERE / f"page-{name}-{look}.png", optimize=True)
        context.close()


def main() -> None:
    """Make the record and take every picture."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--record", type=Path, help="the project's folder that lab.py has made")
    asked = parser.parse_args()
    sys.path.insert(0, str(HERE.parent.parent / "tests" / "browser"))
    with tempfile.TemporaryDirectory() as scratch:
        project = asked.record or lab.make(Path(scratch) / "lab")
        with shown(project) as base, importlib.import_module("chromium").browser() as chromium:
            for name, path in views(project).items():
                take(chromium, base + path, name)
            running = lab.live(project, epochs=400, pause_s=0.5)
            try:
                waiting = chromium.new_page()
                waiting.goto(base + "/today")
                waiting.locator("canvas").first.wait_for(timeout=60_000)
                waiting.wait_for_timeout(DRAWN_MS)
                take(chromium, base + "/today", "today")
            finally:
                running.send_signal(signal.SIGINT)
                running.wait(timeout=60)
        played = [sys.executable, "-m", "afield", "demo", "--team", "--folder", f"{scratch}/day"]
        subprocess.run(played, check=True, stdout=subprocess.DEVNULL)
        with (
            shown(Path(scratch) / "day" / "mia" / "iris", WAKES) as base,
            importlib.import_module("chromium").browser() as chromium,
        ):
            for name, path in TEAM.items():
                take(chromium, base + path, name, WAKES)


if __name__ == "__main__":
    main()
