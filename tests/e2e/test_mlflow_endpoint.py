"""What MLflow's client logs inside `afield run` stands in the run's own record."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from afield.workspace.workspace import Workspace

pytestmark = pytest.mark.skipif(
    os.name != "posix", reason="not run: sockets are not handed on to processes here"
)

ASK = """
import base64, json, os, sys, urllib.parse, urllib.request

place = urllib.parse.urlsplit(os.environ["MLFLOW_TRACKING_URI"])
secret = f"{place.username}:{place.password}"

def ask(path, body=None, secret=secret):
    url = f"http://127.0.0.1:{place.port}/api/2.0/mlflow/{path}"
    data = None if body is None else json.dumps(body).encode()
    asked = urllib.request.Request(url, data, {"Content-Type": "application/json"})
    asked.add_header("Authorization", "Basic " + base64.b64encode(secret.encode()).decode())
    with urllib.request.urlopen(asked, timeout=120) as answer:
        return json.load(answer)

def begin(**more):
    return ask("runs/create", {"experiment_id": "0", "start_time": 1, **more})["run"]

def log(run, name, value):
    body = {"run_id": run["info"]["run_id"], "key": name, "value": value, "timestamp": 5}
    ask("runs/log-metric", body)

def servers(workspace):
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/cmdline") as stream:
                words = stream.read()
            if "hub.private.server" in words and os.readlink(f"/proc/{pid}/cwd") == workspace:
                found.append(int(pid))
        except OSError:
            pass
    return found
"""

REAL = """
import os, sys
import mlflow

mlflow.set_experiment("tries")
with mlflow.start_run() as run:
    mlflow.log_param("lr", 0.1)
    for step in range(5):
        mlflow.log_metric("loss", 1 / (step + 1), step=step)
    with open("notes.txt", "w") as stream:
        stream.write("hello")
    mlflow.log_artifact("notes.txt")
    mlflow.set_tag("kind", "try")
    with mlflow.start_run(nested=True):
        mlflow.log_metric("inner", 0.5)
print(mlflow.get_tracking_uri(), run.info.artifact_uri)
print(mlflow.artifacts.load_text(run.info.artifact_uri + "/notes.txt"))
print(mlflow.get_run(run.info.run_id).info.status, len(mlflow.search_runs(output_format="list")))
"""


@pytest.fixture
def asking(project: Path, afield, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("MLFLOW_TRACKING_URI", "http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    (project / "ask.py").write_text(ASK)
    assert afield("init").code == 0
    return project


def _script(folder: Path, text: str) -> str:
    (folder / "script.py").write_text(text)
    return "script.py"


def _record(afield, folder: Path, text: str, *words: str):
    script = _script(folder, text)
    return afield("run", "--json", "--trace", "python", *words, sys.executable, script)


def _told(answer) -> dict:
    return json.loads(answer.err.strip().splitlines()[-1])


def _show(afield, run: str) -> dict:
    return afield("show", "--json", run).json


def _others(afield, run: str) -> list[dict]:
    listed = afield("runs", "--json").json["runs"]
    return [one for one in listed if one["id"] != run and one["project"] == "project"]


@pytest.mark.slow
def test_a_script_with_mlflow_is_recorded_whole_and_comes_out_identical_again(
    afield_process, afield, asking
):
    pytest.importorskip("mlflow", reason="not run: MLflow's client is not here")
    done = afield_process(
        "run", "--json", "--trace", "python", sys.executable, _script(asking, REAL)
    )
    assert done.code == 0, done.err
    uri, artifacts = done.out.split("\n", 1)[0].split()
    assert artifacts.startswith("mlflow-artifacts:/")
    assert done.out.split("\n", 1)[1] == "hello\nFINISHED 2\n"  # no "View run at", with a password
    told = _told(done)
    assert not told["warnings"]
    assert not told["blockers"]
    shown = _show(afield, told["run"])
    assert shown["status"] == "finished"
    assert shown["experiment"] == "tries"
    assert str(shown["params"]["lr"]) == "0.1"
    assert shown["tags"]["kind"] == "try"
    assert shown["metrics"]["loss"]["last"] == 0.2
    (child,) = _others(afield, told["run"])
    assert _show(afield, child["id"])["metrics"]["inner"]["last"] == 0.5
    secret = uri.split(":")[2].split("@")[0]
    for path in (asking / ".afield").rglob("*"):
        assert not path.is_file() or secret.encode() not in path.read_bytes(), path
    verdict = afield_process("reproduce", "--json", "--env", "here", told["run"])
    assert verdict.json["verdict"] == "identical", verdict.out
    assert [one["name"] for one in verdict.json["metrics"]] == ["loss"]


@pytest.mark.slow
def test_autolog_of_scikit_learn_is_recorded_with_params_metrics_and_figures(
    afield_process, afield, asking
):
    pytest.importorskip("mlflow", reason="not run: MLflow's client is not here")
    pytest.importorskip("sklearn", reason="not run: scikit-learn is not installed")
    text = """
import mlflow
from sklearn.linear_model import LogisticRegression
mlflow.sklearn.autolog(log_models=False, log_datasets=False)
LogisticRegression(C=0.5).fit([[0.0], [1.0], [2.0], [3.0]], [0, 0, 1, 1])
"""
    words = ("run", "--json", "--trace", "python", sys.executable, _script(asking, text))
    done = afield_process(*words)
    assert done.code == 0, done.err
    shown = _show(afield, _told(done)["run"])
    assert str(shown["params"]["C"]) == "0.5"
    assert shown["metrics"]["training_accuracy_score"]["last"] == 1.0
    assert shown["tags"]["estimator_name"] == "LogisticRegression"
    assert _others(afield, _told(done)["run"]) == []


def test_later_runs_of_a_script_are_children_and_end_with_it(afield, asking):
    text = """
from ask import *
first, second = begin(), begin()
log(first, "a", 1.5); log(second, "b", 2.5)
ask("runs/update", {"run_id": first["info"]["run_id"], "status": "FAILED", "end_time": 9})
raise SystemExit(3)
"""
    done = _record(afield, asking, text)
    assert done.code == 3
    told = _told(done)
    assert not told["warnings"]
    shown = _show(afield, told["run"])
    assert (shown["status"], shown["exit_code"]) == ("failed", 3)
    assert shown["metrics"]["a"]["last"] == 1.5
    (child,) = _others(afield, told["run"])
    assert child["status"] == "interrupted"
    with Workspace.open(asking) as workspace:
        sql = "SELECT parent FROM runs WHERE id = ?"
        assert workspace.query(sql, (child["id"],)) == [(told["run"],)]


def test_nobody_without_the_password_is_answered(afield, asking):
    text = """
from ask import *
for secret in ("afield:", "afield:" + "0" * 40, "other:" + place.password):
    try:
        ask("experiments/get?experiment_id=0", secret=secret)
    except urllib.error.HTTPError as error:
        assert error.code == 401, error
    else:
        raise AssertionError(secret)
"""
    assert _record(afield, asking, text).code == 0


def test_no_page_that_somebody_visits_meanwhile_gets_into_the_run(afield, asking):
    text = """
import base64, os, urllib.error, urllib.parse, urllib.request
place = urllib.parse.urlsplit(os.environ["MLFLOW_TRACKING_URI"])
known = "Basic " + base64.b64encode(f"{place.username}:{place.password}".encode()).decode()
root = f"http://{place.hostname}:{place.port}"
path = "/api/2.0/mlflow/experiments/get?experiment_id=0"
def code(headers, more="", method="GET"):
    asked = urllib.request.Request(root + path + more, headers=headers, method=method)
    try:
        with urllib.request.urlopen(asked, timeout=120) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code
right = {"authorization": known}
assert code(right) == 200
for other in ({"host": "evil.example"}, {"host": f"rebound.example:{place.port}"},
              {"origin": "https://evil.example"}, {"origin": "null"},
              {"sec-fetch-site": "same-site"}, {"host": "127.0.0.1.evil.example"}, {"host": ""}):
    assert code({**right, **other}) in (400, 403), other
    assert code({**right, **other}, method="POST") in (400, 403), other
for odd in ({"authorization": known.replace("Basic", "Bearer")}, {"cookie": known},
            {"authorization": known + "x"}, {"authorization": f"Basic {place.password}"}):
    assert code(odd) == 401, odd
assert code({}, f"&password={place.password}&authorization={urllib.parse.quote(known)}") == 401
"""
    assert _record(afield, asking, text).code == 0


def test_nothing_is_begun_for_a_command_that_does_not_ask(afield, asking):
    text = "import os; print(sorted(n for n in os.environ if n.startswith('MLFLOW')))"
    (asking / "script.py").write_text(text)
    assert afield("run", sys.executable, "script.py").code == 0
    assert not (asking / ".afield" / "cache" / "mlflow-endpoint.log").exists()


@pytest.mark.parametrize("how", ["flag", "setting", "own", "proxy"])
def test_the_variable_is_left_alone_where_a_person_wants_it_so(
    afield_process, afield, asking, monkeypatch, how
):
    words = ["--no-mlflow"] if how == "flag" else []
    if how == "setting":
        assert afield("config", "run.mlflow", "off").code == 0
    if how == "own":
        monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://team.example")
    if how == "proxy":
        monkeypatch.setenv("HTTP_PROXY", "http://proxy.example")
    text = "import os; print(os.environ.get('MLFLOW_TRACKING_URI'))"
    done = afield_process("run", *words, sys.executable, _script(asking, text))
    assert done.out == ("http://team.example\n" if how == "own" else "None\n")


@pytest.mark.skipif(sys.platform != "linux", reason="not run: processes are looked up in /proc")
def test_a_server_that_falls_is_begun_again_and_that_is_said(afield, asking):
    text = f"""
from ask import *
import signal, time
run = begin()
log(run, "a", 1.0)
(pid,) = servers({str(asking / ".afield")!r})
os.kill(pid, signal.SIGKILL)
try:
    log(run, "a", 2.0)
except OSError:  # the connection was just with the one that fell
    log(run, "a", 2.0)
assert begin()["info"]["run_id"] != run["info"]["run_id"], "it is joined once"
"""
    done = _record(afield, asking, text)
    assert done.code == 0, done.err
    told = _told(done)
    assert any("its endpoint failed" in one for one in told["warnings"])
    assert _show(afield, told["run"])["metrics"]["a"]["last"] == 2.0


@pytest.mark.skipif(sys.platform != "linux", reason="not run: processes are looked up in /proc")
def test_the_server_ends_when_its_recorder_is_killed(asking, own_home):
    text = "from ask import *\nbegin()\nprint('here', flush=True)\nsys.stdin.read()\n"
    words = ["run", "--trace", "python", sys.executable, _script(asking, text)]
    with subprocess.Popen(
        [sys.executable, "-m", "afield", *words],
        cwd=asking,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as recorder:
        assert recorder.stdout.readline() == b"here\n"
        names: dict = {}
        exec(ASK.partition("place =")[0] + "def servers" + ASK.partition("def servers")[2], names)  # noqa: S102 - our own text
        workspace = str(asking / ".afield")
        assert len(names["servers"](workspace)) == 1
        recorder.send_signal(signal.SIGKILL)
        recorder.stdin.close()
        end = time.monotonic() + 120
        while names["servers"](workspace) and time.monotonic() < end:
            time.sleep(0.05)
        assert names["servers"](workspace) == []
