"""A record of real runs, `afield up` on it, and a browser that shows its page.

A page that speaks of an error on its console, breaks its own security policy or asks another host
fails its test.
"""

from __future__ import annotations

import importlib.util
import os
import struct
import subprocess
import sys
import zlib
from pathlib import Path

import pytest
from chromium import browser as open_browser
from chromium import chromium
from page_server import served

import afield

RUNS = 60
MODELS_KEPT = 2
MODELS = ("tree", "linear", "net")
TIMEOUT_MS = 30_000


def picture(shade):
    """Return a PNG of eight by eight dots of one shade."""
    rows = b"".join(b"\0" + bytes([shade * 40]) * 8 for _ in range(8))
    parts = [
        (b"IHDR", struct.pack(">IIBBBBB", 8, 8, 8, 0, 0, 0, 0)),
        (b"IDAT", zlib.compress(rows)),
    ]
    chunks = [
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in [*parts, (b"IEND", b"")]
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def add_data(folder):
    """Add two versions of data and two of a model, as people do."""

    def said(*words):
        asked = [sys.executable, "-m", "afield", *words, "--workspace", str(folder)]
        subprocess.run(asked, check=True, capture_output=True)

    table = folder / "people"
    table.mkdir()
    for version, ages in enumerate((range(20, 60), range(20, 58)), 1):
        lines = [f"{number},{age}" for number, age in enumerate(ages)]
        (table / "people.csv").write_text("id,age\n" + "\n".join(lines) + "\n")
        said("data", "add", str(table), "--name", "people", "-m", f"take {version}")
    for number in range(MODELS_KEPT):
        said("model", "register", f"run-{number:02d}:weights.bin", "scorer")
    said("model", "alias", "scorer@1", "champion")


@pytest.fixture(scope="session")
def record(tmp_path_factory):
    """Return the folder of a record with 60 runs of one experiment; the last failed."""
    folder = tmp_path_factory.mktemp("record")
    before = os.environ.get("AFIELD_WORKSPACE")
    os.environ["AFIELD_WORKSPACE"] = str(folder)
    try:
        for number in range(RUNS):
            config = {"lr": round(0.001 * (number + 1), 4), "model": MODELS[number % 3]}
            name = f"run-{number:02d}"
            run = afield.init(project="vision", name=name, config=config, workspace=folder)
            for step in range(40):
                run.log({"loss": 1 / (step + number + 1), "acc": number / RUNS}, step=step)
            if number < MODELS_KEPT:
                (folder / "weights.bin").write_bytes(bytes([number]))
                (folder / "curve.png").write_bytes(picture(number))
                run.save(str(folder / "weights.bin"))
                run.save(str(folder / "curve.png"))
            run.finish("failed" if number == RUNS - 1 else "finished")
        add_data(folder)
    finally:
        os.environ.pop("AFIELD_WORKSPACE")
        if before is not None:
            os.environ["AFIELD_WORKSPACE"] = before
    return folder


@pytest.fixture(scope="session")
def server(record):
    """Yield the address of `afield up` on the record."""
    with served(record) as address:
        yield address


@pytest.fixture(scope="module")
def browser():
    """Yield one browser for the tests of a file.

    Playwright's loop runs in this thread as long as it is open: no other file's tests may meet it.
    """
    if not importlib.util.find_spec("playwright"):
        pytest.skip("not run: playwright is not installed")
    if chromium() is None:
        pytest.skip("not run: Chromium is not installed")
    with open_browser() as found:
        yield found


@pytest.fixture
def reader(browser, server):
    """Return what opens pages for somebody: `reader("/runs", color_scheme="dark")`."""
    contexts, faults = [], []

    def opened(path, **how):
        context = browser.new_context(
            base_url=server,
            viewport={"width": 1280, "height": 800} | how.pop("viewport", {}),
            **how,
        )
        context.set_default_timeout(TIMEOUT_MS)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda said: faults.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda fault: faults.append(str(fault)))
        page.on(
            "request",
            lambda asked: (
                faults.append(asked.url)
                if not asked.url.startswith((server, "data:", "blob:"))
                else None
            ),
        )
        page.goto(path)
        page.locator("h1").first.wait_for()
        return page

    opened.faults = faults
    yield opened
    for context in contexts:
        context.close()
    assert not faults


@pytest.fixture(scope="session")
def axe():
    """Return what names the serious faults of a page for those who cannot see it."""
    source = Path(__file__).parents[2] / "ui" / "node_modules" / "axe-core" / "axe.min.js"
    if not source.is_file():
        pytest.skip("not run: axe-core is not here (make ui)")

    def serious(page):
        page.evaluate(source.read_text(encoding="utf-8"))
        found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
        return [
            f"{one['id']}: {one['nodes'][0]['html'][:200]}: {one['nodes'][0]['failureSummary']}"
            for one in found["violations"]
            if one["impact"] in ("serious", "critical")
        ]

    return serious
