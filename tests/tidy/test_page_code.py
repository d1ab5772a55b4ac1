"""The rules of the house for the page's code, and for what it is made of."""

from __future__ import annotations

import json
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
UI = ROOT / "ui"
LINES_MAX = 300
FILES = sorted(
    path
    for path in (UI / "src").rglob("*")
    if path.suffix in (".ts", ".tsx") and path.name not in ("schema.ts", "vite.d.ts")
)


def test_every_file_of_the_page_says_what_lives_in_it_and_is_short():
    assert len(FILES) > 30
    texts = {path.relative_to(UI).as_posix(): path.read_text(encoding="utf-8") for path in FILES}
    assert not [name for name, text in texts.items() if not text.startswith("/**")]
    assert not [name for name, text in texts.items() if text.count("\n") > LINES_MAX]


def test_the_page_asks_no_other_host():
    shown = [*FILES, *(UI / "src").rglob("*.css"), UI / "index.html", *(UI / "public").iterdir()]
    address = re.compile(r"""https?://(?!www\.w3\.org/)|["'(]//\w""")
    texts = ((path.name, path.read_text(encoding="utf-8")) for path in shown)
    assert not [name for name, text in texts if address.search(text)]


def test_what_the_page_is_made_of_is_pinned_and_named_without_a_host():
    package = json.loads((UI / "package.json").read_text(encoding="utf-8"))
    versions = {**package["dependencies"], **package["devDependencies"]}
    assert all(re.fullmatch(r"\d+\.\d+\.\d+", version) for version in versions.values())
    lock = (UI / "package-lock.json").read_text(encoding="utf-8")
    assert '"resolved"' not in lock
    assert '"integrity"' in lock
