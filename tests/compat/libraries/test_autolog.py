"""`mlflow.autolog()` of training libraries against `afield up`: one run each, whole."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import subprocess
import sys
from contextlib import contextmanager
from urllib.request import urlopen

import pytest

from afield.workspace.workspace import Workspace

_DATA = """
import sys, warnings
import numpy as np
import mlflow
warnings.simplefilter("ignore")
mlflow.set_tracking_uri(sys.argv[1])
x = np.random.default_rng(0).normal(size=(60, 3)).astype("float32")
y = (x[:, 0] > 0).astype("float32")
"""
_SCRIPTS = {
    "sklearn": """
from sklearn.linear_model import LogisticRegression
mlflow.sklearn.autolog()
LogisticRegression(C=0.5).fit(x, y)
""",
    "xgboost": """
import xgboost
mlflow.xgboost.autolog()
given = xgboost.DMatrix(x, y)
params = {"max_depth": 2, "objective": "binary:logistic", "nthread": 1}
xgboost.train(params, given, num_boost_round=3, evals=[(given, "train")], verbose_eval=False)
""",
    "lightgbm": """
import lightgbm
mlflow.lightgbm.autolog()
params = {"num_leaves": 3, "objective": "binary", "num_threads": 1, "verbose": -1}
given = lightgbm.Dataset(x, y)
lightgbm.train(params, given, num_boost_round=3, valid_sets=[given])
""",
    "pytorch_lightning": """
import torch, pytorch_lightning as lightning
from torch.utils.data import DataLoader, TensorDataset
torch.set_num_threads(1)
class Line(lightning.LightningModule):
    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Linear(3, 1)
    def training_step(self, batch, _):
        loss = torch.nn.functional.mse_loss(self.layer(batch[0])[:, 0], batch[1])
        self.log("loss", loss, on_epoch=True)
        return loss
    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=0.1)
mlflow.pytorch.autolog()
quiet = {"logger": False, "enable_progress_bar": False, "enable_model_summary": False}
trainer = lightning.Trainer(max_epochs=1, accelerator="cpu", **quiet)
# MLflow takes `log_datasets` for PyTorch, and logs none
mlflow.log_input(mlflow.data.from_numpy(x, targets=y, name="made"), "train")
trainer.fit(Line(), DataLoader(TensorDataset(torch.tensor(x), torch.tensor(y)), batch_size=20))
""",
}
_WANTED = {
    "sklearn": ("C", "training_accuracy_score"),
    "xgboost": ("max_depth", "train-logloss"),
    "lightgbm": ("num_leaves", "training-binary_logloss"),
    "pytorch_lightning": ("lr", "loss"),
}
"""The library, a param of its run, and a metric."""


@contextmanager
def _server(folder):
    """Give the address of `afield up` on a workspace of the test's own."""
    Workspace.init(folder).close()
    process = subprocess.Popen(
        [sys.executable, "-m", "afield", "up", "--port", "0"],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        told = next(
            found for line in process.stdout if (found := re.search(r"http://[\d.:]+", line))
        )
        yield told[0].rstrip("/.")
    finally:
        process.terminate()
        process.stdout.close()
        process.wait(120)


def _asked(server, path):
    with urlopen(f"{server}/api/v1{path}", timeout=60) as answer:  # noqa: S310 - ours
        return json.load(answer)


def _script(libraries):
    """Return a program with a run for each library: to import MLflow takes longer than to train."""
    parts = [
        f"with mlflow.start_run(run_name={library!r}):{_SCRIPTS[library]}".replace("\n", "\n    ")
        for library in libraries
    ]
    return "\n".join([_DATA, *parts])


@pytest.mark.slow
def test_autologging_leaves_a_run_with_params_metrics_model_and_data_set(tmp_path):
    if not importlib.util.find_spec("mlflow") or not importlib.util.find_spec("mlflow.xgboost"):
        pytest.skip("not run: mlflow is not installed; `make libraries` has it")
    there = [library for library in _SCRIPTS if importlib.util.find_spec(library)]
    environ = {k: v for k, v in os.environ.items() if not k.startswith(("MLFLOW", "AFIELD"))}
    environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
    environ["MLFLOW_REQUIREMENTS_INFERENCE_TIMEOUT"] = "1"  # it imports all once more to learn them
    environ["OMP_NUM_THREADS"] = "1"
    with _server(tmp_path) as server:
        found = subprocess.run(
            [sys.executable, "-c", _script(there), server],
            capture_output=True,
            text=True,
            timeout=540,
            env=environ,
            cwd=tmp_path,
            check=False,
        )
        assert found.returncode == 0, found.stderr
        shown = {
            run["name"]: _asked(server, f"/runs/{run['id']}")
            for run in _asked(server, "/runs")["runs"]
        }
    assert set(shown) == set(there)
    for library in there:
        run = shown[library]
        assert run["status"] == "finished", found.stderr
        param, metric = _WANTED[library]
        assert param in run["params"], run["params"]
        assert metric in run["metrics"], run["metrics"]
        models = [(one["status"], one["files"] > 3) for one in run["logged"]["models"]]
        assert models == [("ready", True)], found.stderr
        assert run["logged"]["data"], found.stderr
    if missing := set(_SCRIPTS) - set(there):
        pytest.skip(f"not run: {', '.join(sorted(missing))}: `make libraries` has it")
