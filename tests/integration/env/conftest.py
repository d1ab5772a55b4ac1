"""A workspace with runs of small environments, made without a network, and the door to it."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest
import uv

from afield.cli.main import main
from afield.workspace.session import init
from afield.workspace.workspace import Workspace

UV = uv.find_uv_bin()


def make_wheel(folder, name, version, source):
    """Write a wheel of one module."""
    info = f"{name}-{version}.dist-info"
    files = {
        f"{name}.py": source,
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
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


def describe(site, name, version, *, direct_url=None, installer=None):
    """Write the metadata of a distribution that nothing installed."""
    info = Path(site, f"{name}-{version}.dist-info")
    info.mkdir()
    info.joinpath("METADATA").write_text(f"Name: {name}\nVersion: {version}\n")
    if direct_url is not None:
        info.joinpath("direct_url.json").write_text(json.dumps(direct_url))
        info.joinpath("RECORD").write_text(f"{info.name}/METADATA,,\n")
    if installer is not None:
        info.joinpath("INSTALLER").write_text(installer)


@dataclass(frozen=True)
class Answer:
    """What one call of the command line came to."""

    code: int
    out: str
    err: str

    @property
    def json(self):
        return json.loads(self.out)


@dataclass(frozen=True)
class Made:
    """The workspace, the project, the folder of wheels and the environments."""

    root: Path
    project: Path
    links: Path
    environ: dict

    def python(self, name):
        return str(self.root / name / "bin" / "python")

    def venv(self, name, *requirements):
        folder = self.root / name
        command = [UV, "venv", "--quiet", "--no-project", "--python", sys.executable, str(folder)]
        subprocess.run(command, env=self.environ, check=True)
        self.install(name, *requirements)
        return next(folder.glob("lib/*/site-packages"))

    def install(self, name, *words, cwd=None):
        command = [UV, "pip", "install", "--quiet", "--no-deps", "--python", self.python(name)]
        if words:
            subprocess.run([*command, *words], env=self.environ, check=True, cwd=cwd)

    def record(self, name, *argv, **environ):
        command = [sys.executable, "-m", "afield", "run", "--quiet", "--name", name, *argv]
        subprocess.run(
            command,
            cwd=self.project,
            env={**self.environ, "AFIELD_WORKSPACE": str(self.root), **environ},
            check=True,
            capture_output=True,
        )


@pytest.fixture(scope="session")
def made(tmp_path_factory):
    """Runs `one`, `two`, `three`, `shell` and `logged` of a project."""
    root = tmp_path_factory.mktemp("env")
    for name in ("project/lib/mine", "links", "other", "elsewhere"):
        (root / name).mkdir(parents=True)
    keep = ("PATH", "HOME", "LANG", "TMPDIR", "SYSTEMROOT")
    environ = {name: os.environ[name] for name in keep if name in os.environ}
    environ |= {
        "UV_FIND_LINKS": str(root / "links"),
        "UV_NO_INDEX": "1",
        "UV_OFFLINE": "1",
        "UV_LINK_MODE": "copy",
        "UV_CACHE_DIR": str(root / "uv-cache"),
        "UV_PYTHON_DOWNLOADS": "never",
    }
    found = Made(root, root / "project", root / "links", environ)
    make_wheel(found.links, "tinystat", "1.0", "SCALE = 1\n")
    make_wheel(found.links, "tinystat", "2.0", "SCALE = 2\n")
    make_wheel(found.links, "sidecar", "0.3", "def main(): pass\n")
    patched = make_wheel(root / "other", "sidecar", "0.3", "def main(): return 1\n")
    lonely = make_wheel(root / "other", "lonely", "1.1", "VALUE = 1\n")
    found.project.joinpath("train.py").write_text("import sys\nprint(sys.argv[1:])\n")
    found.project.joinpath("lib/mine/mine.py").write_text("ME = 1\n")
    Workspace.init(root).close()

    found.venv("venv-one", "tinystat==1.0", "sidecar==0.3")
    found.record("one", found.python("venv-one"), "train.py", "--word", 'two "words" $HOME')

    site = found.venv("venv-two", "tinystat==2.0", str(patched), str(lonely))
    editable = {"dir_info": {"editable": True}}
    mine, elsewhere = found.project / "lib" / "mine", root / "elsewhere"
    describe(site, "mine", "0.1", direct_url={"url": mine.as_uri(), **editable})
    describe(site, "their", "0.2", direct_url={"url": elsewhere.as_uri(), **editable})
    describe(site, "condaish", "5.0", installer="conda\n")
    vcs = {"vcs": "git", "commit_id": "0" * 39 + "1"}
    url = "https://git.example/team/forked.git"
    describe(site, "forked", "3.0", direct_url={"url": url, "vcs_info": vcs})
    found.record(
        "two",
        found.python("venv-two"),
        "train.py",
        OMP_NUM_THREADS="2",
        SEED='5 "and" $more',
        HF_TOKEN="hf_" + "abcdefghijklmnopqrstuvwxyzABCDEFGH",
    )
    found.venv("venv-three", "tinystat==2.0", str(patched), str(lonely))
    found.record("three", found.python("venv-three"), "-c", "print(1)")
    found.record("shell", "true")
    with init("project", name="logged", workspace=root) as run:
        run.log({"acc": 1.0})
    return found


@pytest.fixture
def afield(made, capsys, monkeypatch, tmp_path):
    """Call the command line in this process, standing in an empty folder."""
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith(("UV_", "PIP_", "AFIELD_"))]:
        monkeypatch.delenv(name)
    for name in ("NO_COLOR", "COLUMNS", "FORCE_COLOR", "VIRTUAL_ENV"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AFIELD_WORKSPACE", str(made.root))
    for name, value in made.environ.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("UV_OFFLINE")  # there is no index all the same

    def call(*words):
        capsys.readouterr()
        code = main(words)
        found = capsys.readouterr()
        return Answer(code, found.out, found.err)

    return call
