"""A script that fills MLflow stores by MLflow's own client; run in a process of its own.

    python mlflow_stores.py FOLDER URI…

Beside each store a copy of it is left as it was before it grew, and as JSON what MLflow itself
reads of both.
"""

from __future__ import annotations

import json
import math
import shutil
import sys
from pathlib import Path

import mlflow
from mlflow.entities import (
    Dataset,
    DatasetInput,
    InputTag,
    LoggedModelOutput,
    Metric,
    Param,
    RunTag,
)
from mlflow.tracking import MlflowClient

BEGAN_MS = 1_700_000_000_123
SYSTEM = {"mlflow.user": "ann", "mlflow.source.name": "train.py"}


def fill(client: MlflowClient, folder: Path) -> None:
    """Make an experiment with runs that hold all that there is."""
    experiment = client.create_experiment("vision/é", tags={"team": "a"})
    points = [Metric("loss", 1 / (i + 1), BEGAN_MS + 100 + i, i) for i in range(60)]
    odd = [math.nan, math.inf, -math.inf, 2.0, 3.0, -0.0, 5e-324, 1.7e308]
    steps = [0, -5, 2**62, 1, 1, 1, -(2**62), 7]
    points += [
        Metric("odd/name", value, BEGAN_MS + 1000 + at, step)
        for at, (value, step) in enumerate(zip(odd, steps, strict=True))
    ]
    first = client.create_run(
        experiment, BEGAN_MS, {**SYSTEM, "mlflow.note.content": "a *note*"}, "first"
    ).info.run_id
    params = [Param("lr", "0.1"), Param("net/depth", "3"), Param("long", "x" * 5000)]
    client.log_batch(first, points, params, [RunTag("k", "v"), RunTag("words", "é\n" * 9)])
    file = folder / "a.txt"
    file.write_text("hello", encoding="utf-8")
    client.log_artifact(first, str(file), "sub/dir")
    data = Dataset("rows", "4b8fa1ac", "local", '{"uri": "rows.csv"}', profile='{"rows": 3}')
    tag = InputTag("mlflow.data.context", "training")
    client.log_inputs(first, [DatasetInput(data, [tag])])
    client.set_terminated(first, "FINISHED", BEGAN_MS + 9876)
    child = client.create_run(
        experiment, BEGAN_MS + 1, {"mlflow.parentRunId": first}, "child"
    ).info.run_id
    model = client.create_logged_model(experiment, "tree", child, params={"depth": "3"})
    client.log_outputs(child, [LoggedModelOutput(model.model_id, 0)])
    client.finalize_logged_model(model.model_id, "READY")
    client.set_terminated(child, "FAILED", BEGAN_MS + 2000)
    client.create_registered_model("reg", description="of trees")
    client.create_model_version("reg", f"models:/{model.model_id}", child)
    client.set_registered_model_alias("reg", "champion", "1")
    killed = client.create_run(experiment, BEGAN_MS + 2, run_name="killed").info.run_id
    client.set_terminated(killed, "KILLED", BEGAN_MS + 3000)
    client.create_run(experiment, BEGAN_MS + 3, {"kept": "theirs"}, "still running")
    gone = client.create_run(experiment, BEGAN_MS + 4, run_name="gone").info.run_id
    client.delete_run(gone)


def grow(client: MlflowClient) -> None:
    """Let a run go on, change a tag, and begin another run."""
    experiment = client.get_experiment_by_name("vision/é").experiment_id
    running = next(
        run for run in client.search_runs([experiment]) if run.info.run_name == "still running"
    ).info.run_id
    client.log_metric(running, "late", 0.5, BEGAN_MS + 5000, 1)
    client.set_tag(running, "stage", "end")
    client.log_param(running, "more", "1")
    client.set_terminated(running, "FINISHED", BEGAN_MS + 6000)
    client.create_run(experiment, BEGAN_MS + 10, run_name="newest")


def read(client: MlflowClient) -> list[dict[str, object]]:
    """Return what MLflow says of all runs."""
    found = []
    for experiment in client.search_experiments():
        for run in client.search_runs([experiment.experiment_id]):
            key = run.info.run_id
            found.append(
                {
                    "id": key,
                    "name": run.info.run_name,
                    "experiment": experiment.name,
                    "status": run.info.status,
                    "start": run.info.start_time,
                    "end": run.info.end_time,
                    "params": run.data.params,
                    "tags": run.data.tags,
                    "metrics": {
                        name: [
                            [point.step, point.timestamp, repr(point.value)]
                            for point in client.get_metric_history(key, name)
                        ]
                        for name in run.data.metrics
                    },
                    "files": files(client, key, ""),
                }
            )
    return found


def files(client: MlflowClient, key: str, path: str) -> list[str]:
    """Return the paths of a run's files."""
    found = []
    for one in client.list_artifacts(key, path or None):
        found += files(client, key, one.path) if one.is_dir else [one.path]
    return found


def main(uri: str, folder: Path) -> None:
    """Fill a store, say what MLflow reads of it, copy it, let it grow, and say that."""
    mlflow.set_tracking_uri(uri)
    client = MlflowClient(uri)
    fill(client, folder)
    before = read(client)
    store = Path(uri.removeprefix("sqlite:///"))
    copy = store.with_name(f"before-{store.name}")
    if store.is_dir():
        shutil.copytree(store, copy)
    else:
        shutil.copy(store, copy)
    grow(client)
    answers = {"before": before, "after": read(client)}
    (folder / f"{store.name}.json").write_text(json.dumps(answers), encoding="utf-8")


if __name__ == "__main__":
    for each in sys.argv[2:]:
        main(each, Path(sys.argv[1]))
