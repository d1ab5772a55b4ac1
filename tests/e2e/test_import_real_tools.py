"""W&B's own library and MLflow's own server, where they are installed (`make libraries`)."""

from __future__ import annotations

import importlib.util
import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from afield.workspace.workspace import Workspace

STORES = Path(__file__).with_name("mlflow_stores.py")
TRAIN = """
import math, sys, wandb
run = wandb.init(project="proj", name="by wandb", group="grp", notes="some notes", tags=["a"],
                 config={"lr": 0.1, "net": {"depth": 3}, "layers": [1, 2]}, mode="offline", dir=".")
for i in range(200):
    run.log({"loss": 1 / (i + 1), "nested": {"x": i}})
run.log({"nan": math.nan, "inf": -math.inf, "text": "hello", "hist": wandb.Histogram([1, 2, 3])})
run.log({"late": 5}, step=1000)
run.summary["best"] = 0.9
print("hello console")
open("kept.txt", "w").write("kept")
run.save("kept.txt")
sys.exit(3)
"""


@pytest.fixture
def here(afield, tmp_path, monkeypatch):
    folder = tmp_path / "here"
    folder.mkdir()
    assert afield("init", str(folder)).code == 0
    monkeypatch.chdir(folder)
    return folder


def needs(*names):
    for name in names:
        if not importlib.util.find_spec(name):
            pytest.skip(f"not run: {name} is not installed")


def test_a_run_of_wandb_offline_stands_here_with_every_value(afield, here, tmp_path):
    needs("wandb")
    folder = tmp_path / "project"
    folder.mkdir()
    env = {**os.environ, "WANDB_MODE": "offline", "WANDB_SILENT": "true", "HOME": str(tmp_path)}
    env |= {"WANDB_ERROR_REPORTING": "false"}
    script = folder / "train.py"
    script.write_text(TRAIN, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-W", "ignore", script], cwd=folder, env=env,
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 3, done.stderr
    brought = afield("import", "wandb", str(folder), "--json")
    assert brought.code == 0, brought.out
    with Workspace.open(here) as workspace:
        (view,) = workspace.runs(limit=None)
        assert (view.name, view.project, view.status) == ("by wandb", "proj", "failed")
        assert view.params == {"lr": 0.1, "net.depth": 3, "layers": "[1, 2]"}
        assert view.tags == {"a": "true", "group": "grp"}
        assert view.summary == {"best": 0.9, "text": "hello"}
        loss = workspace.points(view, "loss")
        assert loss.step.tolist() == list(range(200))
        assert loss.value.tolist() == [1 / (i + 1) for i in range(200)]
        assert workspace.points(view, "nested.x").value.tolist() == list(map(float, range(200)))
        assert workspace.points(view, "late").step.tolist() == [1000]
        assert repr(view.metrics["nan"].last) == "nan"
        assert view.metrics["inf"].last == -float("inf")
        assert {"kept.txt"} <= {file.path for file in view.saved}
        assert view.manifest.argv[1].endswith("train.py")
    assert "hello console" in afield("log", "by wandb").out
    again = afield("import", "wandb", str(folder), "--json")
    assert (again.json["new"], again.json["grown"], again.json["same"]) == (0, 0, 1)


@pytest.fixture
def server(tmp_path):
    """Yield the address of an MLflow server whose store is filled, and what its client says."""
    needs("mlflow", "sqlalchemy", "alembic", "flask", "uvicorn")
    folder = tmp_path / "served"
    folder.mkdir()
    env = {**os.environ, "MLFLOW_ALLOW_FILE_STORE": "true", "MLFLOW_DISABLE_TELEMETRY": "1"}
    made = subprocess.run(
        [sys.executable, "-W", "ignore", STORES, folder, f"sqlite:///{folder}/m.db"],
        env=env, cwd=folder, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert made.returncode == 0, made.stderr
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words = [
        sys.executable, "-W", "ignore", "-m", "mlflow", "server", "--workers", "1",
        "--backend-store-uri", f"sqlite:///{folder}/m.db", "--port", str(port),
    ]  # fmt: skip
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            words, cwd=folder, env=env, stdout=log, stderr=log, start_new_session=True
        )
    try:
        url = f"http://127.0.0.1:{port}"
        wait_for(f"{url}/health", process)
        yield url, json.loads((folder / "m.db.json").read_text(encoding="utf-8"))["after"]
    finally:
        os.killpg(process.pid, 15)
        process.wait(timeout=60)


def wait_for(url, process):
    ends = time.monotonic() + 300
    while time.monotonic() < ends:
        assert process.poll() is None, "the server ended"
        try:
            with urllib.request.urlopen(url, timeout=5):  # noqa: S310 - loopback
                return
        except OSError:
            time.sleep(0.2)
    pytest.fail("the server does not answer")


def test_all_of_a_server_stands_here_and_what_is_exported_to_it_is_there(afield, here, server):
    url, said = server
    done = afield("import", "mlflow", url, "--json")
    assert done.code == 0, done.out
    again = afield("import", "mlflow", url, "--json")
    assert (again.json["new"], again.json["grown"]) == (0, 0)
    with Workspace.open(here) as workspace:
        views = {view.name: view for view in workspace.runs(limit=None)}
        assert set(views) == {one["name"] for one in said}
        for one in said:
            view = views[one["name"]]
            assert view.params == one["params"]
            assert set(view.metrics) == set(one["metrics"])
            for name, history in one["metrics"].items():
                points = workspace.points(view, name)
                assert sorted(points.step.tolist()) == sorted(point[0] for point in history)
            assert [file.path for file in view.saved] == one["files"]
            for file in view.saved:
                assert workspace.record.vault.get(file.object) == b"hello"
    from afield.workspace.session import init

    with init("p", "e", name="native", config={"lr": 0.1}, workspace=str(here)) as run:
        for at in range(2500):
            run.log({"m": at / 3}, step=at)
        run.log({"odd": float("nan")}, step=-7)
        (here / "model.bin").write_bytes(b"weights")
        run.save(str(here / "model.bin"))
    sent = afield("export", "mlflow", "native", "--to", url, "--json")
    assert (sent.code, [one["state"] for one in sent.json["runs"]]) == (0, ["new"]), sent.out
    known = afield("export", "mlflow", "native", "--to", url, "--json")
    assert [one["state"] for one in known.json["runs"]] == ["same"]
    other = here.with_name("other")
    assert afield("init", str(other)).code == 0
    assert afield("--workspace", str(other), "import", "mlflow", url).code == 0
    with Workspace.open(other) as workspace:
        view = workspace.run("native")
        points = workspace.points(view, "m")
        assert points.value.tolist() == [at / 3 for at in range(2500)]
        assert repr(view.metrics["odd"].last) == "nan"
        (file,) = view.saved
        assert workspace.record.vault.get(file.object) == b"weights"
