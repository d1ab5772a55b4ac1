"""The scripts of the corpus, and running one of them: plain, recorded and reproduced.

`scripts.txt` says what is expected of each; what was found is judged by who calls.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
CACHE = Path(__file__).parents[3] / ".cache" / "corpus"
BACKEND = "corpus_figures"
GOOD = frozenset(("identical", "equivalent"))
KINDS = frozenset(("steady", "unseeded", "threaded", "timed"))
TIMEOUT_S = 300
_NO_NETWORK = dict.fromkeys(("http_proxy", "https_proxy"), "http://127.0.0.1:9")
_NOTES = frozenset((".py", ".rst", ".txt"))


@dataclass(frozen=True, slots=True)
class Script:
    """One line of `scripts.txt`: package and path, verdicts, kind, and whether CI runs it."""

    path: str
    verdicts: frozenset[str]
    kind: str
    in_ci: bool

    @property
    def package(self) -> str:
        return self.path.partition("/")[0]

    @property
    def name(self) -> str:
        return Path(self.path).stem


@dataclass(frozen=True, slots=True)
class Trace:
    """What a run left: exit code, streams, and the bytes of each file that it made."""

    code: int
    parts: Mapping[str, bytes]

    @property
    def files(self) -> set[str]:
        return {name for name in self.parts if not name.startswith("<")}


def read_scripts() -> list[Script]:
    found = []
    for line in (HERE / "scripts.txt").read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            path, verdicts, kind, *ci = line.split()
            found.append(Script(path, frozenset(verdicts.split("|")), kind, ci == ["ci"]))
    return found


def python_folder() -> Path:
    return CACHE / "venv" / ("Scripts" if os.name == "nt" else "bin")


def environment(workspace: Path) -> dict[str, str]:
    """Return the variables of a person who has this workspace and stands in the environment."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    folders = [str(python_folder()), kept.get("PATH", os.defpath)]
    return {
        **kept,
        **_NO_NETWORK,
        "PATH": os.pathsep.join(folders),
        "AFIELD_WORKSPACE": str(workspace),
        "MPLCONFIGDIR": str(CACHE / "mpl"),
    }


def lay_out(script: Script, folder: Path) -> Path:
    """Put a script, the data beside it and the backend into a project folder of its own."""
    folder.mkdir(parents=True)
    source = CACHE / "examples" / script.path
    for one in source.parent.iterdir():
        if one == source or (one.is_file() and one.suffix not in _NOTES):
            shutil.copy(one, folder)
    shutil.copy(HERE / f"{BACKEND}.py", folder)
    (folder / "matplotlibrc").write_text(f"backend: module://{BACKEND}\n", encoding="utf-8")
    return folder


def run(argv: Sequence[str], folder: Path, env: Mapping[str, str]):
    return subprocess.run(
        argv,
        cwd=folder,
        env=dict(env),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=TIMEOUT_S,
        check=False,
    )


def afield(*words: str, folder: Path, env: Mapping[str, str]):
    return run([sys.executable, "-m", "afield", *words], folder, env)


def command(script: Script) -> list[str]:
    return ["python", Path(script.path).name]


def plain(script: Script, folder: Path, env: Mapping[str, str]) -> Trace:
    """Run a script as it is in a new folder."""
    return _ran(command(script), lay_out(script, folder), env)


def recorded(script: Script, folder: Path, env: Mapping[str, str]) -> tuple[Trace, str]:
    """Run a script under `afield run` in a new folder; return what it left, and the run's id."""
    lay_out(script, folder)
    words = ("-m", "afield", "run", "--name", script.path, "--", *command(script))
    left = _ran([sys.executable, *words], folder, env)
    shown = afield("show", script.path, "--json", folder=folder, env=env)
    return left, json.loads(shown.stdout)["id"]


def reproduced(run_id: str, folder: Path, env: Mapping[str, str], *words: str) -> dict:
    """Return the report of a reproduction."""
    done = afield("reproduce", run_id, "--json", *words, folder=folder, env=env)
    report = json.loads(done.stdout)
    expected = {"incomplete": 3, "diverged": 4}.get(report["verdict"], 0)
    assert done.returncode == expected, (done.returncode, report)
    return report


def differing(one: Trace, other: Trace) -> set[str]:
    """Return the names of the streams and files in which two runs differ."""
    names = {*one.parts, *other.parts}
    return {name for name in names if one.parts.get(name) != other.parts.get(name)}


def _ran(argv: Sequence[str], folder: Path, env: Mapping[str, str]) -> Trace:
    before = {path for path in folder.rglob("*") if path.is_file()}
    done = run(argv, folder, env)
    place = str(folder.parent).encode()
    streams = {
        "<stdout>": done.stdout.replace(place, b"..."),
        "<stderr>": _own(done.stderr).replace(place, b"..."),
    }
    made = {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path not in before and "__pycache__" not in path.parts
    }
    return Trace(done.returncode, streams | made)


def _own(stderr: bytes) -> bytes:
    """Return what the script itself wrote: `afield run` tells at the end what it recorded."""
    lines = stderr.splitlines(keepends=True)
    return b"".join(line for line in lines if not line.startswith(b"afield:"))
