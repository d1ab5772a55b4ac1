"""One thing is changed between two runs of a real training: it is found, and named first.

The training uses numpy, joblib and scikit-learn as people do; the environment is that of the
corpus with a small package of two versions on top. Every difference goes through the command
line: `afield compare` of two recorded runs, or `afield reproduce` where the world changed.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import shutil
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest
import uv
from corpus_scripts import CACHE, afield, environment

pytestmark = pytest.mark.corpus

TRAIN = """\
import json
import os
import sys

import joblib
import numpy as np
from scaling import scaled
from sklearn.linear_model import Ridge

points = np.loadtxt("data/points.csv", delimiter=",")
offset = np.load("data/offset.npy")
shift = float(open(os.environ["SHARED"]).read())
seed = json.load(open("config.json"))["seed"]
noise = np.random.default_rng(seed).normal(size=len(points))
model = Ridge(alpha=0.5).fit(points + offset, scaled(points[:, 0]) + shift + 0.01 * noise)
model.coef_[3] += float(os.environ.get("TWEAK", 0))
bias = np.full(4, 0.25)
bias[2] += float(os.environ.get("TWEAK_BIAS", 0))
print("intercept", model.intercept_, "seed", seed, *sys.argv[1:])
joblib.dump(model, "model.joblib")
np.savez("weights.npz", bias=bias)
"""
SCALING = "def scaled(values):\n    return {factor} * values\n"
LAST_BIT = "2e-16"


def make_wheel(folder, version, source):
    """Write a wheel of the module `scaling`."""
    info = f"scaling-{version}.dist-info"
    files = {
        "scaling.py": source,
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: scaling\nVersion: {version}\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    rows = []
    for path, text in files.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest())
        rows.append(f"{path},sha256={digest.decode().rstrip('=')},{len(text)}")
    files[f"{info}/RECORD"] = "\n".join([*rows, f"{info}/RECORD,,", ""])
    wheel = folder / f"scaling-{version}-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for path, text in files.items():
            archive.writestr(path, text)
    return wheel


def make_venv(folder, wheel):
    """Make an environment of one wheel on top of the packages of the corpus."""
    uv_bin = uv.find_uv_bin()
    base = [uv_bin, "venv", "--quiet", "--no-project", "--python", sys.executable, str(folder)]
    subprocess.run(base, check=True)
    python = folder / "bin" / "python"
    install = [uv_bin, "pip", "install", "--quiet", "--offline", "--python", str(python)]
    subprocess.run([*install, str(wheel)], check=True)
    (sites,) = folder.glob("lib/python*/site-packages")
    (packages,) = (CACHE / "venv").glob("lib/python*/site-packages")
    sites.joinpath("corpus.pth").write_text(f"{packages}\n")
    return folder


@pytest.fixture(scope="session")
def venvs(tmp_path_factory):
    """Two environments that differ in the version of one package, and one that is patched."""
    folder = tmp_path_factory.mktemp("venvs")
    wheels = folder / "wheels"
    wheels.mkdir()
    made = {}
    for version, factor in (("1.0", "2.0"), ("1.1", "2.5")):
        wheel = make_wheel(wheels, version, SCALING.format(factor=factor))
        made[version] = make_venv(folder / version, wheel)
    again = make_wheel(wheels, "1.0", SCALING.format(factor="3.0"))
    made["1.0 otherwise"] = make_venv(folder / "otherwise", again)
    return made


@dataclass
class Project:
    """The training's folder, where its runs are recorded, and the environment that it uses."""

    folder: Path
    shared: Path
    env: dict
    venv: Path

    def record(self, *words, script="train.py", venv=None, seed=None, **variables):
        environ = self.environ(venv, **variables)
        options = ["--no-seed"] if seed == "off" else []
        argv = ["run", *options, "--", "python", script, *words]
        done = afield(*argv, folder=self.folder, env=environ)
        assert done.returncode == 0, done.stderr
        listed = afield("runs", "--json", folder=self.folder, env=environ)
        return json.loads(listed.stdout)["runs"][0]["id"]

    def environ(self, venv=None, **variables):
        folders = f"{(venv or self.venv) / 'bin'}:{self.env['PATH']}"
        return {**self.env, "PATH": folders, "SHARED": str(self.shared), **variables}

    def compare(self, old, new):
        done = afield("compare", old, new, "--json", folder=self.folder, env=self.environ())
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def reproduce(self, run, *words, venv=None):
        environ = self.environ(venv)
        done = afield("reproduce", run, "--json", *words, folder=self.folder, env=environ)
        return done.returncode, json.loads(done.stdout)

    def change(self, name, old, new):
        path = self.folder / name
        data = path.read_bytes()
        assert data.count(old) == 1
        path.write_bytes(data.replace(old, new))


@pytest.fixture(scope="session")
def base(tmp_path_factory, venvs):
    """A project with one recorded run; the tests work on copies."""
    folder = tmp_path_factory.mktemp("base")
    project = folder / "project"
    (project / "data").mkdir(parents=True)
    (project / "train.py").write_text(TRAIN)
    (project / "config.json").write_text('{"seed": 7}\n')
    rows = [f"{i}.5,{i * i % 7}.25,{i % 3},{i * 3 % 5}.125" for i in range(12)]
    (project / "data" / "points.csv").write_text("\n".join(rows) + "\n")
    header = (
        b"\x93NUMPY\x01\x00v\x00" + b"{'descr': '<f8', 'fortran_order': False, 'shape': (4,), }"
    )
    (project / "data" / "offset.npy").write_bytes(header.ljust(127) + b"\n" + bytes(32))
    (folder / "shared.txt").write_text("1.5\n")
    workspace = folder / "workspace"
    workspace.mkdir()
    env = environment(workspace)
    assert afield("init", str(workspace), folder=folder, env=env).returncode == 0
    made = Project(project, folder / "shared.txt", env, venvs["1.0"])
    return made, made.record()


@pytest.fixture
def project(base, tmp_path):
    """A copy of the recorded project in a folder of the same name, with the same workspace."""
    first, _ = base
    folder = tmp_path / first.folder.name
    shutil.copytree(first.folder, folder)
    for made in ("model.joblib", "weights.npz"):
        (folder / made).unlink()
    shared = tmp_path / "shared.txt"
    shutil.copy(first.shared, shared)
    return Project(folder, shared, first.env, first.venv)


@pytest.fixture
def original(base):
    return base[1]


def cause_of(project, original, new):
    found = project.compare(original, new)
    return found["cause"]["kind"], found["cause"]["detail"], found


def test_nothing_changed_and_nothing_is_named(project, original):
    found = project.compare(original, project.record())
    assert found["cause"] is None
    assert {one["verdict"] for one in found["outputs"]} == {"identical bytes"}


def test_one_changed_byte_of_a_text_input_is_named(project, original):
    project.change("data/points.csv", b"7.5,0.25", b"7.5,0.26")
    kind, detail, found = cause_of(project, original, project.record())
    assert (kind, detail) == ("input", "data/points.csv differs, first read at train.py:10")
    assert {one["path"]: one["verdict"] for one in found["outputs"]}["model.joblib"] == "diverged"


def test_one_changed_bit_of_a_binary_input_is_named_though_no_result_shows_it(project, original):
    data = bytearray((project.folder / "data" / "offset.npy").read_bytes())
    data[-8] ^= 1  # a subnormal number: it changes nothing that is added to it
    (project.folder / "data" / "offset.npy").write_bytes(data)
    kind, detail, _ = cause_of(project, original, project.record())
    assert (kind, detail) == ("input", "data/offset.npy differs, first read at train.py:11")


def test_one_changed_line_of_code_is_named_with_the_line(project, original):
    project.change("train.py", b"alpha=0.5", b"alpha=0.6")
    kind, detail, found = cause_of(project, original, project.record())
    assert (kind, detail) == ("code", "train.py differs")
    assert any(line.startswith("+model = Ridge(alpha=0.6)") for line in found["cause"]["evidence"])


def test_another_version_of_a_package_is_named(project, original, venvs):
    kind, detail, found = cause_of(project, original, project.record(venv=venvs["1.1"]))
    assert (kind, detail) == ("environment", "scaling 1.0 → 1.1")
    assert found["cause"]["evidence"] == ["scaling 1.0 → 1.1"]


def test_other_files_under_the_same_version_are_named(project, original, venvs):
    kind, detail, _ = cause_of(project, original, project.record(venv=venvs["1.0 otherwise"]))
    assert kind == "environment"
    assert detail == "scaling 1.0: other files under the same version"


def test_another_seed_in_a_configuration_is_named(project, original):
    project.change("config.json", b"7", b"8")
    kind, detail, _ = cause_of(project, original, project.record())
    assert (kind, detail) == ("input", "config.json differs, first read at train.py:13")


def test_another_seed_as_an_argument_is_named(project):
    old, new = project.record("--seed", "1"), project.record("--seed", "2")
    kind, detail, _ = cause_of(project, old, new)
    assert kind == "arguments"
    assert "--seed 1" in detail
    assert "--seed 2" in detail


def test_a_seed_that_nobody_set_is_named_with_the_line_that_drew(project):
    project.change("config.json", b"7", b"null")
    old, new = project.record(), project.record()
    kind, detail, found = cause_of(project, old, new)
    assert kind == "seed"
    assert "train.py:14" in detail
    assert {one["path"]: one["verdict"] for one in found["outputs"]}["model.joblib"] == "diverged"


def test_one_weight_of_a_pickled_model_is_named(project, original):
    kind, detail, _ = cause_of(project, original, project.record(TWEAK="0.125"))
    assert kind == "output"
    assert detail.startswith("model.joblib: ")
    assert "differ" in detail or "vs" in detail


def test_one_weight_of_an_archive_of_arrays_is_named(project, original):
    kind, detail, _ = cause_of(project, original, project.record(TWEAK_BIAS="0.125"))
    assert kind == "output"
    assert detail.startswith("weights.npz: bias.npy")
    assert "0.25 vs 0.375" in detail


@pytest.mark.parametrize("name", ["TWEAK", "TWEAK_BIAS"])
def test_the_last_bit_of_a_weight_is_never_called_identical(project, original, name):
    path = "model.joblib" if name == "TWEAK" else "weights.npz"
    kind, detail, found = cause_of(project, original, project.record(**{name: LAST_BIT}))
    verdicts = {one["path"]: one["verdict"] for one in found["outputs"]}
    assert verdicts[path] in {"within tolerance", "diverged"}
    assert (kind, detail.partition(":")[0]) == ("output", path)


def test_a_reproduction_undoes_what_was_changed_in_the_project(project):
    run = project.record()
    project.change("train.py", b"alpha=0.5", b"alpha=0.6")
    project.change("data/points.csv", b"7.5,0.25", b"7.5,0.26")
    project.change("config.json", b"7", b"8")
    code, report = project.reproduce(run, "--env", "here")
    assert (code, report["verdict"], report["cause"]) == (0, "identical", None)


def test_a_reproduction_names_one_byte_of_an_input_outside_the_project(project):
    run = project.record()
    project.shared.write_text("1.6\n")
    code, report = project.reproduce(run, "--env", "here")
    assert (code, report["verdict"]) == (4, "diverged")
    assert report["cause"]["kind"] == "input"
    assert str(project.shared) in report["cause"]["detail"]


def test_a_reproduction_here_names_the_package_of_another_version(project, original, venvs):
    code, report = project.reproduce(original, "--env", "here", venv=venvs["1.1"])
    assert (code, report["verdict"]) == (4, "diverged")
    assert report["cause"]["kind"] == "environment"
    assert report["cause"]["detail"] == "scaling 1.0 → 1.1"


def test_a_public_script_with_one_other_seed_is_named(project):
    """The seed of a real example, one digit of it."""
    source = CACHE / "examples" / "networkx" / "drawing" / "plot_degree.py"
    example = project.folder / "plot_degree.py"
    shutil.copy(source, example)
    (project.folder / "matplotlibrc").write_text("backend: agg\n")
    old = project.record(script="plot_degree.py")
    project.change("plot_degree.py", b"seed=10374196", b"seed=10374197")
    kind, detail, found = cause_of(project, old, project.record(script="plot_degree.py"))
    assert (kind, detail) == ("code", "plot_degree.py differs")
    assert any("10374197" in line for line in found["cause"]["evidence"])


def test_a_public_script_with_one_other_byte_of_its_packed_data_is_named(project):
    folder = CACHE / "examples" / "networkx" / "drawing"
    for name in ("plot_knuth_miles.py", "knuth_miles.txt.gz"):
        shutil.copy(folder / name, project.folder)
    (project.folder / "matplotlibrc").write_text("backend: agg\n")
    old = project.record(script="plot_knuth_miles.py")
    packed = project.folder / "knuth_miles.txt.gz"
    text = gzip.decompress(packed.read_bytes())
    assert text.count(b"Youngstown, OH[4110,8065]") == 1
    packed.write_bytes(gzip.compress(text.replace(b"OH[4110,8065]", b"OH[4110,8066]", 1)))
    kind, detail, _ = cause_of(project, old, project.record(script="plot_knuth_miles.py"))
    assert kind == "input"
    assert detail.startswith("knuth_miles.txt.gz differs, first read at plot_knuth_miles.py:")
