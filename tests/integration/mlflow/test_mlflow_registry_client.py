"""MLflow's own client, unmodified: from a run's files to a registered model and back."""

from __future__ import annotations

import json
import os
import subprocess
import sys

_SCRIPT = """
import json, sys
import mlflow
mlflow.set_tracking_uri(sys.argv[1])
client = mlflow.MlflowClient()
with mlflow.start_run() as run:
    mlflow.log_text("weights", "model/weights.txt")
client.create_registered_model("fraud", {"team": "risk"}, "words")
source = run.info.artifact_uri + "/model"
first = client.create_model_version("fraud", source, run.info.run_id, tags={"a": 1})
client.set_registered_model_alias("fraud", "champion", "1")
copy = client.copy_model_version("models:/fraud@champion", "other")
client.update_model_version("fraud", "1", "of the first")
found = client.get_model_version_by_alias("fraud", "champion")
here = mlflow.artifacts.download_artifacts("models:/other/1", dst_path="down")
print(json.dumps({
    "numbers": [first.version, copy.version],
    "described": found.description,
    "tags": found.tags,
    "aliases": client.get_registered_model("fraud").aliases,
    "models": [one.name for one in client.search_registered_models("name ILIKE '%'")],
    "weights": open(here.rstrip("/") + "/weights.txt").read(),
}))
"""


def test_mlflows_own_client_registers_points_copies_and_downloads(url, tmp_path):
    environ = {
        **os.environ,
        "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    }
    done = subprocess.run(
        [sys.executable, "-c", _SCRIPT, url],
        env=environ, cwd=tmp_path, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.splitlines()[-1]) == {
        "numbers": ["1", "1"],
        "described": "of the first",
        "tags": {"a": "1"},
        "aliases": {"champion": "1"},
        "models": ["fraud", "other"],
        "weights": "weights",
    }
