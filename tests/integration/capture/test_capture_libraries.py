"""Layer 3: what libraries read and write past Python is seen with its line, without the kernel."""

from __future__ import annotations

import subprocess
import sys

import pytest
from io_libraries import IO_LIBRARIES, is_here, packages, preparation, script


@pytest.mark.parametrize("package", packages())
def test_what_a_library_reads_and_writes_is_seen_with_its_line(
    run, project, clean_environ, package
):
    entries = [one for one in IO_LIBRARIES if one.package == package and is_here(one)]
    if not entries:
        pytest.skip(f"not run: {package} is not installed")
    made = script(entries)
    (project / "prepare.py").write_text(preparation(entries))
    (project / "use.py").write_text(made.text)
    subprocess.run(
        [sys.executable, "-W", "ignore", "prepare.py"], cwd=project, env=clean_environ, check=True
    )
    done = run("python", "-W", "ignore", "use.py", trace="python")
    assert done.outcome.exit_code == 0, done.err.decode()
    inputs = {path: one.where for path, one in done.inputs.items() if path.startswith("in-")}
    assert inputs == {path: f"use.py:{line}" for path, line in made.reads.items()}
    outputs = {path: one.where for path, one in done.outputs.items() if path.startswith("out-")}
    assert outputs == {path: f"use.py:{line}" for path, line in made.writes.items()}
    assert not done.manifest.capture.inputs_complete
    if any(one.past_python for one in entries):
        assert done.manifest.capture.layers == ("tree", "python", "imports")
        assert any("imports" in one.seen_by for one in done.inputs.values())
