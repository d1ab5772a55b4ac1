"""Reading an MLflow server page by page, over its REST API; the account stays with `mlflow_http`.

Of a run that has ended there, what a list says of it tells whether there is more by now; its
files are asked for again only while it runs.
"""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from typing import Any

from afield.kernel.errors import NotFound, Refused
from afield.workspace.bring.mlflow_http import Server
from afield.workspace.bring.mlflow_run import OURS, MlflowRun, found_of, number_of
from afield.workspace.bring.run_points import Points
from afield.workspace.bring.run_source import (
    Found,
    KeptFile,
    Left,
    Listed,
    counted,
    is_file_name,
)

_PAGE = 1000
_POINTS_PAGE = 25_000
_PAGES_MAX = 1_000_000
_FOLDERS_MAX = 10_000
_FILES_MAX = 100_000
_MODEL_ID = re.compile(r"[A-Za-z0-9][\w-]{0,255}")
_ENDED = frozenset({"FINISHED", "FAILED", "KILLED"})

Row = dict[str, Any]


class ServerStore:
    """An MLflow server.

    Args:
        address: of it.
        project: of the runs here.
        environ: has the account.

    Attributes:
        left: what of the store itself is not brought, and why.
    """

    def __init__(self, address: str, project: str, environ: Mapping[str, str]) -> None:
        self.left: list[Left] = []
        self._server = Server(address, environ)
        self._project = project

    def close(self) -> None:
        """Let go of nothing: every answer is closed when it is read."""

    def count(self) -> int | None:
        """Return nothing: a server counts no runs."""
        return None

    def runs(self) -> Iterator[Listed]:
        """Yield the runs, experiment by experiment, oldest first."""
        asked = {"max_results": _PAGE, "view_type": "ACTIVE_ONLY"}
        experiments = list(self._pages("experiments/search", asked, "experiments"))
        registered = self._registered()
        for about in experiments:
            experiment = {
                "id": _text(about.get("experiment_id")),
                "name": _text(about.get("name")),
                "lifecycle_stage": about.get("lifecycle_stage"),
                "tags": _pairs(about.get("tags")),
            }
            asked = {
                "experiment_ids": [experiment["id"]],
                "run_view_type": "ACTIVE_ONLY",
                "max_results": _PAGE,
                "order_by": ["attributes.start_time ASC"],
            }
            for row in self._pages("runs/search", asked, "runs"):
                yield self._listed(row, experiment, registered)

    def _listed(self, row: Row, experiment: Row, registered: dict[str, list[Row]]) -> Listed:
        info, data = _row(row.get("info")), _row(row.get("data"))
        key = _text(info.get("run_id") or info.get("run_uuid"))
        outputs = _rows(_row(row.get("outputs")).get("model_outputs"))
        run = MlflowRun(
            id=key,
            name=_text(info.get("run_name")),
            status=_text(info.get("status")),
            experiment=experiment,
            start_time=_integer(info.get("start_time")),
            end_time=_integer(info.get("end_time")),
            user=_text(info.get("user_id")),
            artifact_uri=_text(info.get("artifact_uri")),
            params=_pairs(data.get("params")),
            tags=_pairs(data.get("tags")),
            datasets=_datasets(_row(row.get("inputs"))),
            registered=registered.get(key, []),
        )
        models = [_text(one.get("model_id")) for one in outputs]
        if run.status not in _ENDED:
            self._artifacts(run)
        metrics = sorted(
            (
                _text(one.get("key")),
                str(one.get("value")),
                str(one.get("step")),
                str(one.get("timestamp")),
            )
            for one in _rows(data.get("metrics"))
        )
        mark = run.mark((metrics, models))
        names = [name for name, *_ in metrics]
        return Listed(
            key,
            run.name,
            mark,
            lambda: self._read(run, names, models),
            ours=run.tags.get(OURS, key),
        )

    def _read(self, run: MlflowRun, metrics: list[str], models: list[str]) -> Found:
        if run.status in _ENDED:
            self._artifacts(run)
        for model in models:
            self._model(run, model)
        points = Points()
        for name in metrics:
            for one in self._history(run.id, name):
                _take(points, name, one)
        return found_of(run, points, self._project)

    def _history(self, run: str, name: str) -> Iterator[Row]:
        """Yield the points of a metric; servers on a file store know no pages of them."""
        asked: Row = {"run_id": run, "metric_key": name, "max_results": _POINTS_PAGE}
        try:
            page = self._server.get("metrics/get-history", **asked)
        except Refused:
            del asked["max_results"]
            page = self._server.get("metrics/get-history", **asked)
        yield from _rows(page.get("metrics"))
        token = page.get("next_page_token")
        if token:
            history = "metrics/get-history"
            yield from _paged(
                lambda at: self._server.get(history, **asked, page_token=at), "metrics", str(token)
            )

    def _artifacts(self, run: MlflowRun) -> None:
        def listing(path: str) -> Iterator[Row]:
            yield from self._get_pages("artifacts/list", {"run_id": run.id, "path": path}, "files")

        def opener(path: str) -> Callable[[], Any]:
            return lambda: closing(self._server.stream("/get-artifact", path=path, run_uuid=run.id))

        self._walk(run, "", listing, opener)

    def _model(self, run: MlflowRun, model: str) -> None:
        """Take what is told of a logged model, and its files."""
        if not _MODEL_ID.fullmatch(model):
            run.left.append(Left(model, "it is no model's id"))
            return
        try:
            found = _row(self._server.get(f"logged-models/{model}").get("model"))
        except (Refused, NotFound) as error:
            run.left.append(Left(f"model {model}", error.why or "it cannot be read"))
            return
        info, data = _row(found.get("info")), _row(found.get("data"))
        run.models.append(
            {
                "model_id": model,
                "name": _text(info.get("name")),
                "artifact_location": _text(info.get("artifact_uri")),
                "created_ms": _integer(info.get("creation_timestamp_ms")),
                "status": _text(info.get("status")).removeprefix("LOGGED_MODEL_"),
                "model_type": _text(info.get("model_type")),
                "params": _pairs(data.get("params")),
                "tags": _pairs(info.get("tags")),
            }
        )
        base = f"logged-models/{model}/artifacts"

        def listing(path: str) -> Iterator[Row]:
            asked = {"artifact_directory_path": path}
            yield from self._get_pages(f"{base}/directories", asked, "files")

        def opener(path: str) -> Callable[[], Any]:
            where = f"/ajax-api/2.0/mlflow/{base}/files"
            return lambda: closing(self._server.stream(where, artifact_file_path=path))

        self._walk(run, f"models/{model}/", listing, opener)

    def _walk(
        self,
        run: MlflowRun,
        prefix: str,
        listing: Callable[[str], Iterator[Row]],
        opener: Callable[[str], Callable[[], Any]],
    ) -> None:
        """Take the files that a server lists, folder by folder."""
        todo, seen = [""], {""}
        while todo:
            folder = todo.pop()
            try:
                rows = list(listing(folder))
            except (Refused, NotFound) as error:
                run.left.append(Left(f"{prefix}{folder or 'files'}", error.why or "not listed"))
                continue
            for row in rows:
                path = _text(row.get("path"))
                if not is_file_name(path):
                    run.left.append(Left(prefix + path, "its name leads elsewhere"))
                elif row.get("is_dir"):
                    if path not in seen and len(seen) < _FOLDERS_MAX:
                        seen.add(path)
                        todo.append(path)
                elif len(run.files) >= _FILES_MAX:
                    run.left.append(Left(prefix + path, f"more than {_FILES_MAX:,} files"))
                    return
                else:
                    size_bytes = _integer(row.get("file_size"))
                    run.files.append(KeptFile(prefix + path, size_bytes, "", None, opener(path)))

    def _registered(self) -> dict[str, list[Row]]:
        """Return what the registry has of each run; nothing where a server has none."""
        found: dict[str, list[Row]] = defaultdict(list)
        try:
            asked = {"max_results": _PAGE}
            models = list(self._get_pages("registered-models/search", asked, "registered_models"))
            versions = list(self._get_pages("model-versions/search", asked, "model_versions"))
        except (Refused, NotFound) as error:
            self.left.append(Left("registered models", error.why or "the server has none"))
            return found
        about = {_text(one.get("name")): one for one in models}
        of_none = 0
        for row in versions:
            run = _text(row.get("run_id"))
            of_none += not run
            name, version = _text(row.get("name")), _text(row.get("version"))
            model = about.get(name, {})
            found[run].append(
                {
                    "name": name,
                    "version": int(version) if version.isdigit() else version,
                    "about_model": model.get("description"),
                    "description": row.get("description"),
                    "stage": row.get("current_stage"),
                    "source": row.get("source"),
                    "status": row.get("status"),
                    "created_ms": _integer(row.get("creation_timestamp")),
                    "aliases": sorted(
                        _text(one.get("alias"))
                        for one in _rows(model.get("aliases"))
                        if _text(one.get("version")) == version
                    ),
                    "tags": _pairs(row.get("tags")),
                }
            )
        if of_none:
            self.left.append(Left(counted(of_none, "model version"), "of no run"))
        return found

    def _pages(self, path: str, body: Row, name: str) -> Iterator[Row]:
        def ask(token: str) -> Row:
            return self._server.post(path, {**body, "page_token": token} if token else body)

        return _paged(ask, name)

    def _get_pages(self, path: str, args: Row, name: str) -> Iterator[Row]:
        return _paged(lambda token: self._server.get(path, **args, page_token=token), name)


def _paged(ask: Callable[[str], Row], name: str, token: str = "") -> Iterator[Row]:
    """Yield the rows of all pages, from the one of a token on; no page is asked for twice."""
    seen: set[str] = set()
    while token not in seen and len(seen) < _PAGES_MAX:
        seen.add(token)
        page = ask(token)
        yield from _rows(page.get(name))
        token = _text(page.get("next_page_token"))
        if not token:
            return


def _take(points: Points, name: str, one: Row) -> None:
    time_ms, step, value = _integer(one.get("timestamp")), one.get("step", 0), one.get("value")
    try:
        number = float(value) if isinstance(value, (int, float, str)) else math.nan
        at = int(step) if isinstance(step, (int, str)) else None
    except ValueError:
        points.refused += 1
        return
    points.add(name, at, (time_ms or 0) * 1_000_000, number_of(number, is_nan=False))


def _datasets(inputs: Row) -> list[Row]:
    found = []
    for one in _rows(inputs.get("dataset_inputs")):
        data = _row(one.get("dataset"))
        names = ("name", "digest", "source_type", "source", "schema", "profile")
        found.append({**{name: data.get(name) for name in names}, "tags": _pairs(one.get("tags"))})
    return sorted(found, key=lambda one: (str(one["name"]), str(one["digest"])))


def _pairs(value: object) -> dict[str, str]:
    return {_text(one.get("key")): _text(one.get("value")) for one in _rows(value)}


def _rows(value: object) -> list[Row]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _row(value: object) -> Row:
    return value if isinstance(value, dict) else {}


def _text(value: object) -> str:
    return "" if value is None else str(value)


def _integer(value: object) -> int | None:
    """Return a 64-bit integer, which JSON may have as a text."""
    try:
        return int(value) if isinstance(value, (int, str)) else None
    except ValueError:
        return None
