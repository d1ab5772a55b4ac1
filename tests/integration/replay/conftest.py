"""A real project with its own environment, recorded and reproduced without a network."""

from __future__ import annotations

import base64
import hashlib
import io
import os
import subprocess
import sys
import zipfile
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import uv

from afield.replay import Wish, make_tools, reproduce
from afield.runs.capture.capture import Request, capture
from afield.workspace.workspace import Workspace

UV = uv.find_uv_bin()


def make_wheel(folder, name, version, source):
    """Write a wheel of one module."""
    info = f"{name}-{version}.dist-info"
    files = {
        f"{name}.py": source,
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{info}/entry_points.txt": f"[console_scripts]\n{name} = {name}:main\n",
    }
    rows = []
    for path, text in files.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest())
        rows.append(f"{path},sha256={digest.decode().rstrip('=')},{len(text)}")
    files[f"{info}/RECORD"] = "\n".join([*rows, f"{info}/RECORD,,", ""])
    path = Path(folder, f"{name}-{version}-py3-none-any.whl")
    with zipfile.ZipFile(path, "w") as archive:
        for inner, text in files.items():
            archive.writestr(inner, text)
    return path


MODULE = """\
SCALE = {scale}
def mean(values):
    return SCALE * sum(values) / len(values)
def main():
    print("tinystat", SCALE)
"""


@pytest.fixture(scope="session")
def links(tmp_path_factory):
    """A folder of wheels, in the place of an index."""
    folder = tmp_path_factory.mktemp("links")
    make_wheel(folder, "tinystat", "1.0", MODULE.format(scale="1.0"))
    make_wheel(folder, "tinystat", "2.0", MODULE.format(scale="2.0"))
    make_wheel(folder, "sidecar", "0.3", "main = print\n")
    return folder


@pytest.fixture(scope="session")
def base_environ(links, tmp_path_factory):
    keep = ("PATH", "HOME", "LANG", "TMPDIR", "SYSTEMROOT")
    environ = {name: os.environ[name] for name in keep if name in os.environ}
    return environ | {
        "UV_FIND_LINKS": str(links),
        "UV_OFFLINE": "1",
        "UV_LINK_MODE": "copy",  # tests change what they installed
        "UV_CACHE_DIR": str(tmp_path_factory.mktemp("uv-cache")),
        "UV_PYTHON_DOWNLOADS": "never",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_AUTHOR_NAME": "Ada",
        "GIT_AUTHOR_EMAIL": "ada@example.org",
        "GIT_COMMITTER_NAME": "Ada",
        "GIT_COMMITTER_EMAIL": "ada@example.org",
    }


def make_venv(folder, environ, *requirements):
    command = [UV, "venv", "--quiet", "--no-project", "--python", sys.executable, str(folder)]
    subprocess.run(command, env=environ, check=True)
    install(folder, environ, *requirements)
    return folder


def install(folder, environ, *requirements):
    command = [UV, "pip", "install", "--quiet", "--python", str(Path(folder, "bin/python"))]
    subprocess.run([*command, *requirements], env=environ, check=True)


@pytest.fixture(scope="session")
def new_venv(base_environ):
    """Make an environment with some requirements, at a path."""

    def make(folder, *requirements):
        return make_venv(folder, base_environ, *requirements)

    return make


@pytest.fixture(scope="session")
def venv(base_environ, tmp_path_factory):
    folder = tmp_path_factory.mktemp("venv") / "env"
    return make_venv(folder, base_environ, "tinystat==1.0", "sidecar==0.3")


TRAIN = """\
import json, pickle, random, sys, time
import tinystat

values = [float(line) for line in open("data.csv")]
noise = random.random()
score = tinystat.mean(values) + (noise if "--noise" in sys.argv else 0.0)
print("score", score, "noise", noise, "took %.6fs" % time.perf_counter())
print("done", file=sys.stderr)
json.dump({"score": score, "fit_time": time.time()}, open("metrics.json", "w"))
pickle.dump({"weights": [score, noise]}, open("model.pkl", "wb"))
"""


@dataclass
class Project:
    """A project, its environment, and the workspace that its runs are recorded in."""

    folder: Path
    workspace: Workspace
    environ: dict[str, str]
    venv: Path
    said: list[str] = field(default_factory=list)

    def write(self, name, text):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def git(self, *words):
        done = subprocess.run(
            ["git", *words], cwd=self.folder, env=self.environ, check=True, capture_output=True
        )
        return done.stdout.decode().strip()

    def run_environ(self, **more):
        path = f"{self.venv / 'bin'}{os.pathsep}{self.environ['PATH']}"
        return self.environ | {"PATH": path} | more

    def record(self, *argv, cwd=".", variables=None, **more):
        self.out, self.err = io.BytesIO(), io.BytesIO()
        request = Request(
            argv=argv or ("python", "train.py"),
            folder=str(self.folder / cwd),
            environ=self.run_environ(**(variables or {})),
            **more,
        )
        outcome = capture(self.workspace.record, request, out=self.out, err=self.err)
        assert outcome.recorded, outcome.faults
        return outcome.run

    def reproduce(self, run, *, variables=None, pinned=False, **more):
        self.out, self.err, self.said = io.BytesIO(), io.BytesIO(), []
        self.workspace.refresh()
        tools = make_tools(
            uv=UV,
            cache=str(self.workspace.path / "cache"),
            environ=self.run_environ(**(variables or {})),
            progress=self.said.append,
        )
        wish = Wish(tools=tools, out=self.out, err=self.err, **more)
        return reproduce(self.workspace.record, self.workspace, run, wish, pinned=pinned)


@pytest.fixture(scope="session")
def shared_cache(tmp_path_factory):
    """Environments are built once per session: what is cached by identity may be shared."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def project(tmp_path, base_environ, venv, shared_cache):
    folder = tmp_path / "my project"
    folder.mkdir()
    workspace = Workspace.init(tmp_path / "record")
    (workspace.path / "cache").mkdir(exist_ok=True)
    (workspace.path / "cache" / "environments").symlink_to(shared_cache)
    made = Project(folder, workspace, dict(base_environ), venv)
    made.write("train.py", TRAIN)
    made.write("data.csv", "1.0\n2.0\n6.0\n")
    made.write(".gitignore", "*.json\n*.pkl\nignored/\n")
    made.git("init", "--quiet", "--initial-branch", "main")
    made.git("add", "--all")
    made.git("commit", "--quiet", "--message", "first")
    yield made
    workspace.close()
