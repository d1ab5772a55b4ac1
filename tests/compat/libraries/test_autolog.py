"""`mlflow.autolog()` of training libraries against `afield up`: one run each, whole."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys

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
_XGBOOST = """
import xgboost
mlflow.xgboost.autolog()
given = xgboost.DMatrix(x, y)
params = {"max_depth": 2, "objective": "binary:logistic", "nthread": 1}
xgboost.train(params, given, num_boost_round=3, evals=[(given, "train")], verbose_eval=False)
"""


@pytest.fixture
def server(tmp_path):
    """The address of `afield up` on a workspace of the test's own."""
    Workspace.init(tmp_path / "w").close()
    process = subprocess.Popen(
        [sys.executable, "-m", "afield", "up", "--port", "0"],
        cwd=tmp_path / "w",
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


@pytest.mark.slow
@pytest.mark.parametrize(
    ("module", "script", "param", "metric"),
    [
        ("xgboost", _XGBOOST, "max_depth", "train-logloss"),
    ],
)
def test_autologging_leaves_a_run_with_params_metrics_model_and_data_set(  # noqa: PLR0917 - of a table
    module, script, param, metric, server, tmp_path
):
    for name in ("mlflow.models", module):
        package = name.partition(".")[0]
        if importlib.util.find_spec(package) is None or (
            package == "mlflow" and importlib.util.find_spec("mlflow.xgboost") is None
        ):
            pytest.skip(f"not run: {package} is not installed; `make libraries` has it")
    environ = {k: v for k, v in os.environ.items() if not k.startswith(("MLFLOW", "AFIELD"))}
    environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
    found = subprocess.run(
        [sys.executable, "-c", _DATA + script, server],
        capture_output=True,
        text=True,
        timeout=540,
        env=environ,
        cwd=tmp_path,
        check=False,
    )
    assert found.returncode == 0, found.stderr
    with Workspace.open(tmp_path / "w") as workspace:
        workspace.refresh()
        ((run,),) = workspace.query("SELECT id FROM runs")
        view = workspace.run(run)
        assert view.status == "finished", found.stderr
        assert param in view.params, view.params
        assert metric in view.metrics, view.metrics
        models = workspace.query("SELECT id, status FROM logged_models WHERE run = ?", (run,))
        assert [status for _, status in models] == ["ready"], found.stderr
        files = workspace.query(
            "SELECT path FROM logged_model_files WHERE model = ?", (models[0][0],)
        )
        assert ("MLmodel",) in files
        assert workspace.query("SELECT name FROM run_datasets WHERE run = ?", (run,))
