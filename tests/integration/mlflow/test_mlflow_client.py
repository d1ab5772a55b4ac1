"""MLflow's own client, unmodified, against `afield up`: fluent calls and autologging."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys

import pytest

from afield.registry import query
from afield.workspace.workspace import Workspace

_SERVER = """
import sys
from pathlib import Path
import uvicorn, socket, threading
from afield.hub.app import local_app
from afield.workspace.hosted import Hosted
found = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
found.bind(("127.0.0.1", 0))
found.listen(128)
with Hosted(sys.argv[1]) as hosted:
    server = uvicorn.Server(uvicorn.Config(local_app(hosted), log_level="warning", ws="none"))
    def wait():
        sys.stdin.read()
        server.should_exit = True
    threading.Thread(target=wait, daemon=True).start()
    print(found.getsockname()[1], flush=True)
    server.run(sockets=[found])
"""
_FLUENT = """
import json, sys
import mlflow
mlflow.set_tracking_uri(sys.argv[1])
mlflow.set_experiment("fluent")
with mlflow.start_run(run_name="outer", tags={"a": "b"}) as run:
    mlflow.log_params({"lr": 0.1, "deep": 3})
    for step in range(3):
        mlflow.log_metrics({"loss": 1 / (step + 1), "acc": step / 10}, step=step)
    mlflow.log_text("words", "notes/words.txt")
    mlflow.set_tag("done", True)
    with mlflow.start_run(nested=True, run_name="inner"):
        mlflow.log_metric("loss", 7)
client = mlflow.MlflowClient()
found = mlflow.search_runs(filter_string="metrics.loss < 1", order_by=["metrics.acc DESC"],
                           output_format="list")
print(json.dumps({
    "run": run.info.run_id,
    "status": client.get_run(run.info.run_id).info.status,
    "found": [each.info.run_name for each in found],
    "history": [p.value for p in client.get_metric_history(run.info.run_id, "loss")],
    "text": mlflow.artifacts.load_text(run.info.artifact_uri + "/notes/words.txt"),
    "parent": mlflow.search_runs(filter_string="attributes.run_name = 'inner'",
                                 output_format="list")[0].data.tags["mlflow.parentRunId"],
}))
"""
_AUTOLOG = """
import json, sys
import numpy as np
import mlflow, mlflow.sklearn
from sklearn.tree import DecisionTreeClassifier
mlflow.set_tracking_uri(sys.argv[1])
mlflow.sklearn.autolog(log_input_examples=False, log_model_signatures=False)
features = np.arange(40.0).reshape(20, 2)
with mlflow.start_run() as run:
    DecisionTreeClassifier(max_depth=2, random_state=0).fit(features, np.arange(20) % 2)
found = mlflow.get_run(run.info.run_id)
(model,) = mlflow.search_logged_models(output_format="list")
print(json.dumps({
    "status": found.info.status,
    "depth": found.data.params["max_depth"],
    "metrics": sorted(found.data.metrics),
    "datasets": len(found.inputs.dataset_inputs),
    "model": str(model.status),
    "again": type(mlflow.sklearn.load_model(model.model_uri)).__name__,
}))
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("mlflow") / "w"
    Workspace.init(folder).close()
    process = subprocess.Popen(
        [sys.executable, "-c", _SERVER, str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield folder, f"http://127.0.0.1:{process.stdout.readline().strip()}"
    finally:
        process.stdin.close()
        assert process.wait(120) == 0
        process.stdout.close()


def _client(script, url, folder):
    environ = {
        **os.environ,
        "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "MLFLOW_REQUIREMENTS_INFERENCE_TIMEOUT": "1",
        "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    }
    done = subprocess.run(
        [sys.executable, "-c", script, url],
        env=environ,
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1] if done.stdout.splitlines() else "{}")


def test_fluent_calls_of_the_client_arrive(server, tmp_path):
    folder, url = server
    script = _FLUENT.replace("print(json", "print('');print(json")
    told = _client(script, url, tmp_path)
    assert (told["status"], told["found"], told["text"]) == ("FINISHED", ["outer"], "words")
    assert told["history"] == [1.0, 0.5, 1 / 3]
    assert told["parent"] == told["run"]
    with Workspace.open(folder) as workspace:
        view = workspace.run(told["run"])
        assert (view.experiment, view.params["deep"], view.metrics["acc"].max) == (
            "fluent",
            "3",
            0.2,
        )
        (inner,) = workspace.runs('name = "inner"')
        assert inner.parent == told["run"]


@pytest.mark.slow
@pytest.mark.skipif(
    importlib.util.find_spec("sklearn") is None, reason="not run: scikit-learn is not installed"
)
def test_autologging_of_scikit_learn_leaves_a_finished_run_with_its_model(server, tmp_path):
    told = _client(_AUTOLOG, server[1], tmp_path)
    assert (told["status"], told["depth"], told["datasets"]) == ("FINISHED", "2", 1)
    assert "training_accuracy_score" in told["metrics"]
    assert told["again"] == "DecisionTreeClassifier"
    assert "READY" in told["model"]


_WITHOUT_SERVER = """
import sys
import mlflow
mlflow.set_tracking_uri(sys.argv[1])
run = mlflow.start_run(run_name="alone")
mlflow.log_param("lr", 0.1)
mlflow.log_metric("acc", 0.5, step=1)
mlflow.log_text("hello", "notes/a.txt")
assert mlflow.artifacts.load_text(run.info.artifact_uri + "/notes/a.txt") == "hello"
client = mlflow.MlflowClient()
client.create_registered_model("m")
client.create_model_version("m", f"runs:/{run.info.run_id}/notes")
assert mlflow.search_runs(filter_string="metrics.acc = 0.5", output_format="list")
"""  # MLflow ends the run when the script ends


def test_an_address_of_afield_takes_no_server_and_ends_with_the_script(tmp_path):
    Workspace.init(tmp_path / "w").close()
    environ = {k: v for k, v in os.environ.items() if not k.startswith(("MLFLOW", "AFIELD"))}
    script = tmp_path / "script.py"
    script.write_text(_WITHOUT_SERVER)
    for folder, code in (("w", 0), ("nowhere", 1)):
        uri = "afield://" + (tmp_path / folder).as_posix()
        found = subprocess.run(
            [sys.executable, str(script), uri],
            capture_output=True,
            text=True,
            timeout=300,
            env=environ,
            cwd=tmp_path,
            check=False,
        )
        assert found.returncode == code, found.stderr
    assert "not served: `afield://" in found.stderr
    with Workspace.open(tmp_path / "w") as workspace:
        view = workspace.run("alone")
        assert (view.status, view.params) == ("finished", {"lr": "0.1"})
        assert workspace.points(view, "acc").value.tolist() == [0.5]
        assert query.model_named(workspace.query, "m") is not None
