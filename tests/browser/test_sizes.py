"""How much a reader waits for: the sizes of the built scripts, packed."""

from __future__ import annotations

import gzip
import json

import pytest

from afield.hub.page import BUILT

ENTRY_MAX = 160 * 1024
PART_MAX = 40 * 1024


@pytest.fixture(scope="module")
def manifest():
    if not (BUILT / "manifest.json").is_file():
        pytest.skip("not run: the built page is not here (make ui)")
    return json.loads((BUILT / "manifest.json").read_text(encoding="utf-8"))


def size(file):
    return len(gzip.compress((BUILT / file).read_bytes(), 9))


def at_once(manifest, name, seen=None):
    """Return the scripts that must be there before one can run."""
    seen = set() if seen is None else seen
    if manifest[name]["file"] not in seen:
        seen.add(manifest[name]["file"])
        for one in manifest[name].get("imports", ()):
            at_once(manifest, one, seen)
    return seen


def test_the_page_begins_with_little(manifest):
    entry = next(name for name, one in manifest.items() if one.get("isEntry"))
    assert sum(map(size, at_once(manifest, entry))) <= ENTRY_MAX


def test_each_part_that_comes_later_is_small(manifest):
    entry = next(name for name, one in manifest.items() if one.get("isEntry"))
    first = at_once(manifest, entry)
    later = {one["file"] for one in manifest.values() if one["file"].endswith(".js")} - first
    large = {file: size(file) for file in later if size(file) > PART_MAX}
    assert len(later) > 3
    assert not large


def test_the_page_names_no_other_host():
    index = (BUILT / "index.html").read_text(encoding="utf-8")
    assert "//" not in index
    assert "style=" not in index
