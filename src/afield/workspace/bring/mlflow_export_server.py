"""Writing runs to an MLflow server over its REST API.

A server names runs itself, so a run is found again by a tag. One that was cut off in the middle
is deleted there and written anew.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any, TypeVar
from urllib.parse import quote, urlsplit

from afield.kernel.errors import NotFound, Refused
from afield.workspace.bring.mlflow_export import MARK, Written
from afield.workspace.bring.mlflow_http import Server
from afield.workspace.bring.mlflow_outgoing import Outgoing, outgoing, points_of
from afield.workspace.bring.mlflow_run import OURS
from afield.workspace.bring.run_source import Left
from afield.workspace.views import RunView
from afield.workspace.workspace import Workspace

_METRICS_AT_ONCE = 1000
_OTHERS_AT_ONCE = 100
_PROXY = "mlflow-artifacts"
_T = TypeVar("_T")


class ServerWriter:
    """Writes runs to a server.

    Args:
        workspace: where they are.
        address: of the server.
        environ: has the account.
    """

    def __init__(self, workspace: Workspace, address: str, environ: Mapping[str, str]) -> None:
        self._workspace = workspace
        self._server = Server(address, environ)
        self._experiments: dict[str, str] = {}

    def write(self, view: RunView) -> Written:
        """Write a run, unless it is there as it is here.

        Raises:
            AfieldError: the server refuses or is gone, or bytes are damaged.
        """
        run = outgoing(self._workspace, view, in_files=False)
        experiment = self._experiment(run.experiment)
        mark, state = run.digest(), "new"
        for key, found in self._known(experiment, view):
            if found == mark:
                return Written(view.id, view.name, key, "same", tuple(run.left))
            self._server.post("runs/delete", {"run_id": key})
            state = "changed"
        key, place = self._begin(run, experiment)
        self._log(run, key)
        self._upload(run, place)
        self._server.post("runs/set-tag", {"run_id": key, "key": MARK, "value": mark})
        ending = {"run_id": key, "status": run.status, "run_name": view.name}
        if run.end_ms is not None:
            ending["end_time"] = str(run.end_ms)
        self._server.post("runs/update", ending)
        return Written(view.id, view.name, key, state, tuple(run.left))

    def _experiment(self, name: str) -> str:
        if name not in self._experiments:
            try:
                found = self._server.get("experiments/get-by-name", experiment_name=name)
                self._experiments[name] = str(found["experiment"]["experiment_id"])
            except (NotFound, Refused) as error:
                if getattr(error, "mlflow_code", "") != "RESOURCE_DOES_NOT_EXIST":
                    raise
                made = self._server.post("experiments/create", {"name": name})
                self._experiments[name] = str(made["experiment_id"])
        return self._experiments[name]

    def _known(self, experiment: str, view: RunView) -> Iterator[tuple[str, str]]:
        """Yield id and mark of what was exported of this run before."""
        asked = {
            "experiment_ids": [experiment],
            "filter": f"tags.`{OURS}` = '{view.id}'",
            "max_results": 100,
        }
        for one in self._server.post("runs/search", asked).get("runs", ()):
            tags = {tag["key"]: tag["value"] for tag in one["data"].get("tags", ())}
            yield str(one["info"]["run_id"]), tags.get(MARK, "")

    def _begin(self, run: Outgoing, experiment: str) -> tuple[str, str]:
        """Make the run, and return its id and where its files go."""
        asked = {
            "experiment_id": experiment,
            "run_name": run.view.name,
            "start_time": str(run.start_ms),
            "user_id": run.tags.get("mlflow.user", ""),
            "tags": [{"key": OURS, "value": run.view.id}],
        }
        info = self._server.post("runs/create", asked)["run"]["info"]
        return str(info["run_id"]), str(info.get("artifact_uri", ""))

    def _log(self, run: Outgoing, key: str) -> None:
        for pairs in _chunks(iter(run.params.items()), _OTHERS_AT_ONCE):
            self._others(run, key, "params", pairs)
        for pairs in _chunks(iter(run.tags.items()), _OTHERS_AT_ONCE):
            self._others(run, key, "tags", pairs)
        for name, own in run.metrics.items():
            for points in _chunks(points_of(self._workspace, run, own), _METRICS_AT_ONCE):
                told = [
                    {
                        "key": name,
                        "value": _json(value),
                        "timestamp": str(time_ms),
                        "step": str(step),
                    }
                    for step, time_ms, value in points
                ]
                self._server.post("runs/log-batch", {"run_id": key, "metrics": told})

    def _others(self, run: Outgoing, key: str, kind: str, pairs: list[tuple[str, str]]) -> None:
        """Log params or tags; one by one when the server refuses some of them."""
        told = [{"key": name, "value": text} for name, text in pairs]
        try:
            self._server.post("runs/log-batch", {"run_id": key, kind: told})
        except Refused as error:
            if len(pairs) == 1:
                run.left.append(Left(f"{kind[:-1]} {pairs[0][0]}", error.why or "refused"))
                return
            for pair in pairs:
                self._others(run, key, kind, [pair])

    def _upload(self, run: Outgoing, place: str) -> None:
        parts = urlsplit(place)
        if run.files and parts.scheme != _PROXY:
            why = f"the server has its files at {place}, and takes none by itself"
            run.left.append(Left(f"{len(run.files)} files", why))
            return
        vault = self._workspace.record.vault
        for file in run.files:
            path = f"{parts.path.strip('/')}/{file.name}"
            try:
                with vault.open(file.object) as stream:
                    where = f"/api/2.0/mlflow-artifacts/artifacts/{quote(path)}"
                    self._server.put(where, stream, file.size_bytes)
            except (Refused, NotFound) as error:
                run.left.append(Left(file.name, error.why or "refused"))


def _chunks(values: Iterator[_T], size: int) -> Iterator[list[_T]]:
    while chunk := list(islice(values, size)):
        yield chunk


def _json(value: float) -> Any:
    """Return a number as JSON of Protocol Buffers has it."""
    if math.isfinite(value):
        return value
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
