"""The golden workspace: what an earlier version wrote is opened, sound, and answers as it did."""

from __future__ import annotations

import importlib.util
import json
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

GOLDEN = Path(__file__).parents[1] / "golden"
ARCHIVES = sorted(GOLDEN.glob("format-*.zip"))


def reading_commands() -> dict[str, tuple[str, ...]]:
    spec = importlib.util.spec_from_file_location("golden_make", GOLDEN / "make.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module.READING


READING = reading_commands()


@pytest.fixture(params=ARCHIVES, ids=lambda path: path.stem)
def golden(request, tmp_path):
    """A golden workspace laid out, and what it is to answer."""
    with zipfile.ZipFile(request.param) as archive:
        archive.extractall(tmp_path)
    text = request.param.with_suffix(".json").read_text(encoding="utf-8")
    return tmp_path, json.loads(text.replace("<here>", tmp_path.as_posix()))


def lacking(kept: Any, found: Any, place: str = "") -> list[str]:
    """Return where an answer says something else than what is kept; it may say more."""
    if isinstance(kept, dict) and isinstance(found, dict):
        gone = [f"{place}.{key}: gone" for key in kept.keys() - found.keys()]
        both = sorted(kept.keys() & found.keys())
        return gone + [
            each for key in both for each in lacking(kept[key], found[key], f"{place}.{key}")
        ]
    if isinstance(kept, list) and isinstance(found, list) and len(kept) == len(found):
        pairs = zip(kept, found, strict=True)
        return [each for at, pair in enumerate(pairs) for each in lacking(*pair, f"{place}[{at}]")]
    return [] if kept == found else [f"{place}: {kept!r} is {found!r}"]


def test_there_is_a_golden_workspace_and_it_is_small():
    assert ARCHIVES
    assert all(path.stat().st_size < 300_000 for path in ARCHIVES)


def test_every_reading_command_answers_as_it_did(golden, afield, monkeypatch):
    folder, kept = golden
    monkeypatch.chdir(folder)
    for name, words in READING.items():
        found = afield(*words, "--json")
        assert found.code == 0, (name, found.err)
        assert lacking(kept[name], found.json) == [], name
    bundle = afield("show", "run.afield", "--json")
    assert lacking(kept["show run.afield"], bundle.json) == []


def test_it_is_sound_and_can_be_written(golden, afield, monkeypatch):
    folder, kept = golden
    monkeypatch.chdir(folder)
    verified = afield("verify", "--json")
    assert verified.code == 0, verified.out
    told = [sorted(each, key=str) for each in (kept["findings"], verified.json["findings"])]
    assert lacking(*told) == []
    assert {one["what"] for one in verified.json["findings"]} == {"phantom"}
    assert afield("tag", "first", "opened=later").code == 0
    assert afield("show", "first", "--json").json["tags"]["opened"] == "later"
    waiting = afield("join", "--json").json["waiting"]
    assert [one["name"] for one in waiting] == ["Cleo"]
    assert afield("verify").code == 0


def test_a_part_of_its_record_begins_another_copy(golden, afield, tmp_path):
    folder, kept = golden
    cloned = afield("clone", str(folder / "record.afield"), str(tmp_path / "copy"))
    assert cloned.code == 0, cloned.err
    found = afield("runs", "--json", "--workspace", str(tmp_path / "copy"))
    assert lacking(kept["runs"]["runs"], found.json["runs"]) == []


def test_a_golden_answer_that_changes_is_seen():
    assert lacking({"a": [1, {"b": 2}]}, {"a": [1, {"b": 2, "c": 3}], "d": 4}) == []
    assert lacking({"a": [1, {"b": 2}]}, {"a": [1, {"b": 3}]}) == [".a[1].b: 2 is 3"]
    assert lacking({"a": 1}, {}) == [".a: gone"]
    assert lacking([1], [1, 2]) == [": [1] is [1, 2]"]
