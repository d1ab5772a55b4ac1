"""Reading MLflow's SQLite store with nothing of MLflow's: the tables of its versions 1 to 3.

Opened read only, and never inside one long transaction: whoever writes there is not kept waiting.
The schema is that of MLflow's own migrations; columns that a version has not are passed over.
"""

from __future__ import annotations

import json
import os
import sqlite3
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import quote

from afield.workspace.bring.errors import SourceUnreadable
from afield.workspace.bring.mlflow_artifacts import Places, files_in
from afield.workspace.bring.mlflow_run import OURS, MlflowRun, found_of, number_of
from afield.workspace.bring.run_points import Points
from afield.workspace.bring.run_source import Found, KeptFile, Left, Listed, counted

_MAGIC = b"SQLite format 3\0"
_NEEDED = ("experiments", "runs", "metrics", "params", "tags")
_VALUE_BYTES_MAX = 64 << 20
_ROWS_AT_ONCE = 50_000
_WAIT_S = 10.0
_MODEL_STATUSES = {1: "PENDING", 2: "READY", 3: "FAILED"}
_LARGEST = sys.float_info.max
_TIME_MS_MAX = (1 << 63) // 1_000_000 - 1

Row = dict[str, Any]


class SqliteStore:
    """An MLflow store in a SQLite file.

    Args:
        path: the file.
        project: of the runs here.
        artifacts: folders that stand behind `mlflow-artifacts:`.

    Attributes:
        left: what of the store itself is not brought, and why.

    Raises:
        SourceUnreadable: it is no SQLite file, or none of MLflow's.
    """

    def __init__(self, path: str, project: str, artifacts: Sequence[str]) -> None:
        self.path = path
        self.left: list[Left] = []
        self._project = project
        folder = os.path.dirname(path)
        own = os.path.join(folder, "mlartifacts")
        proxied = [*artifacts, *([own] if os.path.isdir(own) and not artifacts else [])]
        self._places = Places([folder], proxied)
        with open(path, "rb") as stream:
            if stream.read(len(_MAGIC)) != _MAGIC:
                raise SourceUnreadable("cannot read", path, "it is no SQLite database")
        uri = f"file:{quote(path)}?mode=ro"
        self._db = sqlite3.connect(uri, uri=True, timeout=_WAIT_S, isolation_level=None)
        self._db.text_factory = lambda data: data.decode("utf-8", "replace")
        self._db.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _VALUE_BYTES_MAX)
        self._db.row_factory = _as_dict
        self._db.execute("PRAGMA trusted_schema = OFF")
        sql = "SELECT name FROM sqlite_master WHERE type = 'table'"
        self._tables = {row["name"] for row in self._ask(sql)}
        missing = [name for name in _NEEDED if name not in self._tables]
        if missing:
            why = f"it has no table {missing[0]}: it is no store of MLflow's"
            raise SourceUnreadable("cannot read", path, why)
        self._metrics = self._columns("metrics")

    def close(self) -> None:
        """Let go of the file."""
        self._db.close()

    def count(self) -> int:
        """Return about how many runs there are."""
        rows = self._ask("SELECT count(*) AS n FROM runs WHERE lifecycle_stage IS NOT 'deleted'")
        return int(rows[0]["n"])

    def runs(self) -> Iterator[Listed]:
        """Yield the runs, oldest first; those that MLflow has deleted are only counted."""
        experiments = self._experiments()
        registered = self._registered()
        gone = 0
        for row in self._ask("SELECT * FROM runs ORDER BY start_time, run_uuid"):
            experiment = experiments.get(row.get("experiment_id"), {"id": "", "name": ""})
            if "deleted" in (row.get("lifecycle_stage"), experiment.get("lifecycle_stage")):
                gone += 1
                continue
            key = row["run_uuid"]
            if not isinstance(key, str) or not key:
                self.left.append(Left(repr(key), "it is no run's id"))
                continue
            yield self._listed(row, key, experiment, registered.get(key, []))
        if gone:
            self.left.append(Left(counted(gone, "run"), "deleted in MLflow", meant=True))

    def _listed(
        self, row: Row, key: str, experiment: Row, registered: list[dict[str, Any]]
    ) -> Listed:
        run = MlflowRun(
            id=key,
            name=_text(row.get("name")),
            status=_text(row.get("status")),
            experiment=experiment,
            start_time=row.get("start_time"),
            end_time=row.get("end_time"),
            user=_text(row.get("user_id")),
            source=_text(row.get("source_name")),
            artifact_uri=_text(row.get("artifact_uri")),
            params=self._pairs("params", key),
            tags=self._pairs("tags", key),
            datasets=self._datasets(key),
            models=self._models(key),
            registered=registered,
        )
        inner = [
            f"mlruns/{experiment['id']}/{key}/artifacts",
            f"{experiment['id']}/{key}/artifacts",
        ]
        self._files(run, run.artifact_uri, inner, "")
        for model in run.models:
            where = f"{experiment['id']}/models/{model['model_id']}/artifacts"
            prefix = f"models/{model['model_id']}/"
            self._files(run, model["artifact_location"], [f"mlruns/{where}", where], prefix)
        sql = "SELECT count(*) AS n, max(rowid) AS last FROM metrics WHERE run_uuid = ?"
        counted = self._ask(sql, (key,))[0]
        mark = run.mark((counted["n"], counted["last"]))
        ours = run.tags.get(OURS, key)
        return Listed(key, run.name, mark, lambda: self._read(run), ours=ours)

    def _read(self, run: MlflowRun) -> Found:
        """Return all of a run; its points in the order in which they were logged."""
        points = Points()
        step = "step" if "step" in self._metrics else "0"
        is_nan = "is_nan" if "is_nan" in self._metrics else "0"
        sql = (
            f"SELECT key, {step} AS step, timestamp, value, {is_nan} AS is_nan"  # noqa: S608 - literals
            " FROM metrics WHERE run_uuid = ? ORDER BY rowid"
        )
        cursor = self._db.cursor()
        cursor.row_factory = None
        try:
            rows = cursor.execute(sql, (run.id,))
            while some := rows.fetchmany(_ROWS_AT_ONCE):
                _add(points, some)
        except sqlite3.Error as error:
            raise self._unreadable(error) from error
        return found_of(run, points, self._project)

    def _files(self, run: MlflowRun, uri: str, inner: list[str], prefix: str) -> None:
        folder, why = self._places.find(uri, inner)
        if folder is None:
            if why:
                run.left.append(Left(f"{prefix}files at {uri}", why))
            return
        for one in files_in(folder, prefix):
            if isinstance(one, KeptFile):
                run.files.append(one)
            else:
                run.left.append(one)

    def _experiments(self) -> dict[object, Row]:
        tags: dict[object, dict[str, str]] = defaultdict(dict)
        if "experiment_tags" in self._tables:
            for row in self._ask("SELECT * FROM experiment_tags"):
                tags[row["experiment_id"]][_text(row["key"])] = _text(row["value"])
        return {
            row["experiment_id"]: {
                "id": str(row["experiment_id"]),
                "name": _text(row["name"]),
                "lifecycle_stage": row.get("lifecycle_stage"),
                "tags": tags.get(row["experiment_id"], {}),
            }
            for row in self._ask("SELECT * FROM experiments")
        }

    def _pairs(self, table: str, run: str) -> dict[str, str]:
        sql = f"SELECT key, value FROM {table} WHERE run_uuid = ? ORDER BY key"  # noqa: S608 - literals
        return {_text(row["key"]): _text(row["value"]) for row in self._ask(sql, (run,))}

    def _datasets(self, run: str) -> list[dict[str, Any]]:
        if not {"inputs", "datasets", "input_tags"} <= self._tables:
            return []
        sql = (
            "SELECT i.input_uuid, d.* FROM inputs i JOIN datasets d ON d.dataset_uuid = i.source_id"
            " WHERE i.destination_type = 'RUN' AND i.destination_id = ?"
            " AND i.source_type = 'DATASET' ORDER BY d.name, d.digest"
        )
        found = []
        for row in self._ask(sql, (run,)):
            tags = self._ask("SELECT * FROM input_tags WHERE input_uuid = ?", (row["input_uuid"],))
            found.append(
                {
                    "name": _text(row["name"]),
                    "digest": _text(row["digest"]),
                    "source_type": _text(row["dataset_source_type"]),
                    "source": _text(row["dataset_source"]),
                    "schema": row["dataset_schema"],
                    "profile": row["dataset_profile"],
                    "tags": {_text(tag["name"]): _text(tag["value"]) for tag in tags},
                }
            )
        return found

    def _models(self, run: str) -> list[dict[str, Any]]:
        if "logged_models" not in self._tables:
            return []
        sql = "SELECT * FROM logged_models WHERE source_run_id = ? ORDER BY model_id"
        found = []
        for row in self._ask(sql, (run,)):
            key = row["model_id"]
            if row["lifecycle_stage"] == "deleted" or not isinstance(key, str):
                continue
            params = self._ask("SELECT * FROM logged_model_params WHERE model_id = ?", (key,))
            tags = self._ask("SELECT * FROM logged_model_tags WHERE model_id = ?", (key,))
            found.append(
                {
                    "model_id": key,
                    "name": _text(row["name"]),
                    "artifact_location": _text(row["artifact_location"]),
                    "created_ms": row["creation_timestamp_ms"],
                    "status": _MODEL_STATUSES.get(row["status"], "UNSPECIFIED"),
                    "model_type": row["model_type"],
                    "params": {
                        _text(one["param_key"]): _text(one["param_value"]) for one in params
                    },
                    "tags": {_text(one["tag_key"]): _text(one["tag_value"]) for one in tags},
                }
            )
        return found

    def _registered(self) -> dict[str, list[dict[str, Any]]]:
        """Return what the registry has of each run."""
        if not {"model_versions", "registered_models"} <= self._tables:
            return {}
        about = {
            row["name"]: row.get("description")
            for row in self._ask("SELECT * FROM registered_models")
        }
        aliases: dict[object, list[str]] = defaultdict(list)
        tags: dict[object, dict[str, str]] = defaultdict(dict)
        if "registered_model_aliases" in self._tables:
            for row in self._ask("SELECT * FROM registered_model_aliases ORDER BY alias"):
                aliases[row["name"], row["version"]].append(_text(row["alias"]))
        if "model_version_tags" in self._tables:
            for row in self._ask("SELECT * FROM model_version_tags ORDER BY key"):
                tags[row["name"], row["version"]][_text(row["key"])] = _text(row["value"])
        found: dict[str, list[dict[str, Any]]] = defaultdict(list)
        of_none = 0
        for row in self._ask("SELECT * FROM model_versions ORDER BY name, version"):
            if not row.get("run_id"):
                of_none += 1
                continue
            key = (row["name"], row["version"])
            found[_text(row["run_id"])].append(
                {
                    "name": _text(row["name"]),
                    "version": row["version"],
                    "about_model": about.get(row["name"]),
                    "description": row.get("description"),
                    "stage": row.get("current_stage"),
                    "source": row.get("source"),
                    "status": row.get("status"),
                    "created_ms": row.get("creation_time"),
                    "aliases": aliases.get(key, []),
                    "tags": tags.get(key, {}),
                }
            )
        if of_none:
            self.left.append(Left(counted(of_none, "model version"), "of no run"))
        return found

    def _columns(self, table: str) -> set[str]:
        return {row["name"] for row in self._ask(f"PRAGMA table_info({table})")}

    def _ask(self, sql: str, args: Sequence[Any] = ()) -> list[Row]:
        try:
            return self._db.execute(sql, args).fetchall()
        except sqlite3.Error as error:
            raise self._unreadable(error) from error

    def _unreadable(self, error: sqlite3.Error) -> SourceUnreadable:
        return SourceUnreadable("cannot read", self.path, str(error))


def _as_dict(cursor: sqlite3.Cursor, row: tuple[Any, ...]) -> Row:
    return {column[0]: value for column, value in zip(cursor.description, row, strict=True)}


def _add(points: Points, rows: list[tuple[Any, ...]]) -> None:
    """Take rows of (key, step, timestamp, value, is NaN); odd ones one by one."""
    import numpy as np  # heavy

    keys, steps, times, values, nans = zip(*rows, strict=True)
    metrics = {key: points.number_of(_text(key)) for key in dict.fromkeys(keys)}
    numbers = [metrics[key] for key in keys]
    whole = {*map(type, steps), *map(type, times), *map(type, metrics.values())} == {int}
    if not whole or not {float, int}.issuperset(map(type, values)) or max(times) > _TIME_MS_MAX:
        _add_odd(points, rows)
        return
    value = np.array(values, np.float64)
    value[value >= _LARGEST], value[value <= -_LARGEST] = np.inf, -np.inf
    value[np.array(nans, bool)] = np.nan
    time_ns = np.array(times, np.int64) * 1_000_000
    points.add_columns(np.array(steps, np.int64), time_ns, value, np.array(numbers, np.int64))


def _add_odd(points: Points, rows: list[tuple[Any, ...]]) -> None:
    """Take rows of which some are not as MLflow writes them."""
    for key, step, time_ms, value, is_nan in rows:
        if isinstance(time_ms, int) and isinstance(value, (int, float)):
            number = number_of(float(value), is_nan=bool(is_nan))
            points.add(_text(key), step, time_ms * 1_000_000, number)
        else:
            points.refused += 1


def _text(value: object) -> str:
    return (
        value if isinstance(value, str) else "" if value is None else json.dumps(value, default=str)
    )
