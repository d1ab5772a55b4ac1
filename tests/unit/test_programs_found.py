"""Programs are found as `shutil` and shells find them."""

from __future__ import annotations

import os
import shutil

import pytest

from afield.runs.capture.programs import find_program


@pytest.mark.parametrize("name", ["tool", "data", "folder", "link", "dead", "none", "./tool", ""])
@pytest.mark.parametrize("places", [["a", "b"], ["b", "a"], ["", "a"], ["none", "a"], [""], []])
def test_a_program_is_the_one_that_shutil_finds(tmp_path, monkeypatch, name, places):
    monkeypatch.chdir(tmp_path)
    for folder in ("a", "b", "."):
        (tmp_path / folder / "folder").mkdir(parents=True)
        for file, mode in (("tool", 0o755), ("data", 0o644)):
            (tmp_path / folder / file).write_text(folder)
            (tmp_path / folder / file).chmod(mode)
        (tmp_path / folder / "link").symlink_to("tool")
        (tmp_path / folder / "dead").symlink_to("nothing")
    (tmp_path / "b" / "tool").chmod(0o644)
    search = os.pathsep.join(places)
    assert find_program(name, search) == shutil.which(name, path=search)
