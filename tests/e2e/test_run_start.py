"""What `afield run` loads before its command starts: the command waits for all of it."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

MODULES_MAX = 300
"""A few more than there are; the library of another Python may load some more."""

LATER = (
    *("afield.cli.group", "afield.runs.capture.environment", "afield.runs.capture.inputs"),
    *("afield.journal.verify", "afield.vault.check", "afield.vault.mend", "afield.vault.sweep"),
    *("afield.projection", "afield.workspace.workspace", "click", "cryptography", "csv", "hashlib"),
    *("logging", "pathlib", "sqlite3", "tomllib", "urllib.parse", "zipfile"),
)
"""What only other commands need, or the end of a run."""

SCRIPT = """
import sys

def look(event, about):
    if event == "subprocess.Popen" and about[1] == ["./told.sh", "word"]:
        with open("loaded.json", "w") as stream:
            stream.write(repr(sorted(sys.modules)).replace("'", '"'))

sys.addaudithook(look)
from afield.cli.main import main
sys.exit(main(["run", "--quiet", "./told.sh", "word"]))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="not run: scripts of a shell start no command")
def test_a_command_starts_before_what_only_the_end_needs_is_loaded(afield, project):
    script = project / "told.sh"
    script.write_text("#!/bin/sh\nexit 3\n")
    script.chmod(0o755)
    assert afield("init").code == 0
    for _ in range(2):  # the first run of a workspace makes keys and caches
        done = subprocess.run(
            [sys.executable, "-c", SCRIPT],
            cwd=project,
            capture_output=True,
            check=False,
        )
        assert done.returncode == 3, done.stderr
    loaded = json.loads((project / "loaded.json").read_text())
    assert [name for name in LATER if name in loaded] == []
    assert len(loaded) <= MODULES_MAX
