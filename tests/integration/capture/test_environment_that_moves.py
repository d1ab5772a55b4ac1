"""An environment that changes while a run goes on is recorded as the run found it, and told."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

pytestmark = pytest.mark.skipif(os.name == "nt", reason="paths of POSIX")

HEAD = """
import os, sys, time
from pathlib import Path
import thing
site = Path(thing.__file__).parent.parent
(site / "thing" / "table.txt").read_text()  # told at once
looked = Path(os.environ["AFIELD_WORKSPACE"], "cache", "installed")
until_s = time.monotonic() + 60
while not (looked.exists() and list(looked.glob("*.json"))):  # what is imported was looked at
    assert time.monotonic() < until_s
    time.sleep(0.02)
"""
UPGRADE = """
old = site / "thing-1.0.dist-info"
about = (old / "METADATA").read_text()
(old / "METADATA").write_text(about.replace("1.0", "2.0"))
(site / "thing" / "__init__.py").write_text("SCALE = 2")
old.rename(site / "thing-2.0.dist-info")
"""
COME_AND_GO = """
(site / "other-2.0.dist-info" / "METADATA").unlink()
late = site / "late-3.0.dist-info"
late.mkdir()
(late / "METADATA").write_text("Name: late\\nVersion: 3.0\\n")
"""


@pytest.fixture
def venv(tmp_path):
    folder = tmp_path / "venv"
    words = [sys.executable, "-m", "venv", "--without-pip", str(folder)]
    subprocess.run(words, check=True)
    site = next((folder / "lib").glob("python*/site-packages"))
    for name, version in (("thing", "1.0"), ("other", "2.0")):
        info = site / f"{name}-{version}.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
        (info / "RECORD").write_text(f"{name}/__init__.py,,\n{info.name}/RECORD,,\n")
        (site / name).mkdir()
        (site / name / "__init__.py").write_text("SCALE = 1\n")
        (site / name / "table.txt").write_text("1 2 3\n")
    return folder


@pytest.fixture
def look(run, venv):
    def go(text):
        done = run(str(venv / "bin" / "python"), "-c", HEAD + text)
        assert done.manifest.exit_code == 0, done.err
        found = {one.name: one for one in done.manifest.environment.distributions}
        return found, done.manifest.capture.warnings

    return go


def test_an_environment_that_stays_is_told_without_a_word(look):
    found, warnings = look("")
    assert {name: one.version for name, one in found.items()} == {"other": "2.0", "thing": "1.0"}
    assert (found["thing"].checked, warnings) == (True, ())


def test_a_distribution_that_is_upgraded_meanwhile_is_recorded_as_it_was_imported(look):
    found, warnings = look(UPGRADE)
    assert found["thing"].version == "1.0"
    assert (found["thing"].checked, found["thing"].patched) == (False, ())
    assert warnings == ("thing 1.0 became 2.0 while the run ran",)


def test_distributions_that_come_and_go_meanwhile_are_recorded_and_told(look):
    found, warnings = look(COME_AND_GO)
    assert {name: one.version for name, one in found.items()} == {
        "late": "3.0",
        "other": "2.0",
        "thing": "1.0",
    }
    assert sorted(warnings) == [
        "late 3.0 was installed while the run ran",
        "other 2.0 was removed while the run ran",
    ]
