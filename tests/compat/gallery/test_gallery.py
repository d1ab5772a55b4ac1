"""Public scikit-learn examples, recorded unchanged and reproduced with a verdict.

Each script runs three times: plain, under `afield run`, and by `afield reproduce` in a clean
folder and a rebuilt environment. `scripts.txt` names them with the verdict that is expected.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

HERE = Path(__file__).parent
CACHE = Path(__file__).parents[3] / ".cache" / "gallery"
BACKEND = "gallery_figures"
GOOD = {"identical", "equivalent"}
TIMEOUT_S = 300

pytestmark = pytest.mark.gallery


@dataclass(frozen=True)
class Script:
    """One line of `scripts.txt`."""

    path: str
    verdicts: frozenset[str]
    steady: bool


def scripts() -> list[Script]:
    found = []
    for line in (HERE / "scripts.txt").read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            path, verdicts, steady = line.split()
            found.append(Script(path, frozenset(verdicts.split("|")), steady == "steady"))
    return found


SCRIPTS = scripts()


def command(script: Script) -> list[str]:
    folder = "Scripts" if os.name == "nt" else "bin"
    return [str(CACHE / "venv" / folder / "python"), Path(script.path).name]


def lay_out(script: Script, folder: Path) -> Path:
    folder.mkdir(parents=True)
    shutil.copy(CACHE / "examples" / script.path, folder)
    shutil.copy(HERE / f"{BACKEND}.py", folder)
    (folder / "matplotlibrc").write_text(f"backend: module://{BACKEND}\n")
    return folder


def figures(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.glob("figure-*.png"))}


def environment(workspace: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    return {**kept, "AFIELD_WORKSPACE": str(workspace), "MPLCONFIGDIR": str(CACHE / "mpl")}


def run(argv, folder, env):
    return subprocess.run(
        argv, cwd=folder, env=env, capture_output=True, timeout=TIMEOUT_S, check=False
    )


def afield(*words, folder, env):
    return run([sys.executable, "-m", "afield", *words], folder, env)


@pytest.fixture(scope="session")
def workspace(tmp_path_factory):
    """One workspace for all scripts and all test processes, as a person would have it."""
    shared = tmp_path_factory.getbasetemp().parent / "gallery-workspace"
    shared.mkdir(exist_ok=True)
    made = afield("init", str(shared), folder=shared, env=environment(shared))
    assert made.returncode in (0, 1), made.stderr
    return shared


def test_at_least_28_of_30_are_expected_to_reproduce():
    assert len(SCRIPTS) >= 30
    assert sum(script.verdicts <= GOOD for script in SCRIPTS) >= len(SCRIPTS) * 28 / 30


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.path)
def test_a_public_example_is_recorded_unchanged_and_reproduced(script, workspace, tmp_path):
    env = environment(workspace)
    plain_folder = lay_out(script, tmp_path / "plain" / "project")
    folder = lay_out(script, tmp_path / "recorded" / "project")

    plain = run(command(script), plain_folder, env)
    recorded = afield(
        "run", "--name", Path(script.path).stem, "--", *command(script), folder=folder, env=env
    )
    assert recorded.returncode == plain.returncode == 0, recorded.stderr[-2000:]
    assert set(figures(folder)) == set(figures(plain_folder))
    if script.steady:
        assert recorded.stdout == plain.stdout
        assert figures(folder) == figures(plain_folder)

    run_id = the_run_named(Path(script.path).stem, env)
    judged = afield("reproduce", run_id, "--json", folder=folder, env=env)
    report = json.loads(judged.stdout)
    assert report["verdict"] in script.verdicts, (report, judged.stderr[-3000:])
    assert judged.returncode == {"incomplete": 3, "diverged": 4}.get(report["verdict"], 0)
    if report["verdict"] not in GOOD:
        assert report["cause"]["kind"]


def the_run_named(name: str, env: dict[str, str]) -> str:
    shown = afield("show", name, "--json", folder=CACHE, env=env)
    assert shown.returncode == 0, shown.stderr
    return json.loads(shown.stdout)["id"]
