"""Runs as messages, many at a time: a statement for each kind of thing that they hold."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from afield.kernel.ids import ObjectId, RunId
from afield.mlflow_rest import known
from afield.mlflow_rest import messages as m
from afield.mlflow_rest.known import KnownExperiment, KnownRun
from afield.mlflow_rest.route import Call
from afield.mlflow_rest.search.runs import STATUSES
from afield.runs.served.progress import latest_in

RUN_NAME = "mlflow.runName"
_AT_ONCE = 500
_OBJECT = "object:"
_DESCRIBED_MAX = 256
_described: dict[str, dict[str, Any]] = {}


class Answers:
    """Makes messages of runs.

    Args:
        call: the call that is answered.
        within: experiments that are known already.
    """

    def __init__(self, call: Call, within: Sequence[KnownExperiment] = ()) -> None:
        self._call = call
        self._experiments = {(one.project, one.name): one for one in within}

    def experiment_of(self, run: KnownRun) -> KnownExperiment:
        """Return the experiment that a run is of."""
        pair = (run.project, run.experiment)
        found = self._experiments.get(pair)
        if found is None:
            found = known.of_pair(self._call.workspace, *pair)
            assert found is not None, "there is a run of it"
            self._experiments[pair] = found
        return found

    def artifacts_of(self, run: KnownRun) -> str:
        """Return where a run's files are."""
        return f"{self.experiment_of(run).artifacts}/{run.id}/artifacts"

    def info(self, run: KnownRun) -> m.RunInfo:
        """Return what there is to say of a run beside its data."""
        return m.RunInfo(
            run_id=run.id,
            run_uuid=run.id,
            run_name=run.name or "",
            experiment_id=self.experiment_of(run).id,
            user_id=run.logged_by or (self._call.workspace.name_of(run.member)),
            status=STATUSES.get(run.status or "running", "RUNNING"),
            start_time=run.started_ms,
            artifact_uri=self.artifacts_of(run),
            lifecycle_stage=run.stage,
            end_time=run.ended_ms,
        )

    def runs(self, found: Sequence[KnownRun]) -> list[m.Run]:
        """Return whole runs, in the order given."""
        answers: list[m.Run] = []
        live = set(self._call.served.watched.running())
        for start in range(0, len(found), _AT_ONCE):
            answers += self._some(found[start : start + _AT_ONCE], live)
        return answers

    def _some(self, found: Sequence[KnownRun], live: set[RunId]) -> Iterator[m.Run]:
        ids = [run.id for run in found]
        within = f"run IN ({', '.join('?' * len(ids))})"
        metrics = self._metrics(within, ids)
        params = self._pairs(f"SELECT run, name, text FROM params WHERE {within}", ids)
        tags = self._pairs(
            f"SELECT run, name, value FROM tags WHERE {within} AND value IS NOT NULL", ids
        )
        datasets = self._datasets(within, ids)
        ins, outs = self._models(within, ids)
        for run in found:
            points = metrics.get(run.id, [])
            if run.id in live:
                points = self._live(run.id, points)
            own_tags = tags.get(run.id, [])
            if run.kind != "served" and all(tag.key != RUN_NAME for tag in own_tags):
                own_tags = [*own_tags, m.KeyValue(RUN_NAME, run.name or "")]
            yield m.Run(
                info=self.info(run),
                data=m.RunData(points, params.get(run.id, []), own_tags),
                inputs=m.RunInputs(datasets.get(run.id, []), ins.get(run.id, [])),
                outputs=m.RunOutputs(outs[run.id]) if run.id in outs else None,
            )

    def _metrics(self, within: str, ids: Sequence[str]) -> dict[str, list[m.MetricAnswer]]:
        found: dict[str, list[m.MetricAnswer]] = {}
        sql = (
            "SELECT run, name, latest, latest_step, latest_ms FROM metrics"
            f" WHERE {within} ORDER BY run, name"
        )
        for run, name, value, step, time_ms in self._call.workspace.query(sql, ids):
            point = m.MetricAnswer(name, m.number(value), time_ms or 0, step or 0, run)
            found.setdefault(run, []).append(point)
        return found

    def _live(self, run: RunId, points: list[m.MetricAnswer]) -> list[m.MetricAnswer]:
        """Put what a run has logged by now over what the tables know of it."""
        progress = self._call.served.watched.look(run)
        if progress is None:
            return points
        now = {point.key: point for point in points}
        for name, latest in latest_in(progress.summaries).items():
            value = m.number(latest.value)
            now[name] = m.MetricAnswer(name, value, latest.time_ms, latest.step, run)
        return [now[name] for name in sorted(now)]

    def _pairs(self, sql: str, ids: Sequence[str]) -> dict[str, list[m.KeyValue]]:
        found: dict[str, list[m.KeyValue]] = {}
        for run, name, text in self._call.workspace.query(f"{sql} ORDER BY run, name", ids):
            value = "None" if text is None else text
            if value.startswith(_OBJECT):
                value = self._whole(value)
            found.setdefault(run, []).append(m.KeyValue(name, value))
        return found

    def _whole(self, value: str) -> str:
        return whole_text(self._call, value)

    def _datasets(self, within: str, ids: Sequence[str]) -> dict[str, list[m.DatasetInput]]:
        found: dict[str, list[m.DatasetInput]] = {}
        sql = (
            "SELECT run, name, digest, tags, object FROM run_datasets"
            f" WHERE {within} ORDER BY run, once_at"
        )
        for run, name, digest, tags, described in self._call.workspace.query(sql, ids):
            told = self._told(described)
            dataset = m.Dataset(
                name,
                digest,
                told.get("source_type"),
                told.get("source"),
                told.get("schema"),
                told.get("profile"),
            )
            named = [m.KeyValue(key, value) for key, value in json.loads(tags or "{}").items()]
            found.setdefault(run, []).append(m.DatasetInput(named, dataset))
        return found

    def _told(self, described: str | None) -> dict[str, Any]:
        if described is None:
            return {}
        known_ = _described.get(described)
        if known_ is None:
            known_ = json.loads(self._call.workspace.record.vault.get(ObjectId(described)))
            while len(_described) >= _DESCRIBED_MAX:
                _described.pop(next(iter(_described)), None)
            _described[described] = known_
        return known_

    def _models(
        self, within: str, ids: Sequence[str]
    ) -> tuple[dict[str, list[m.ModelInput]], dict[str, list[m.ModelOutput]]]:
        ins: dict[str, list[m.ModelInput]] = {}
        outs: dict[str, list[m.ModelOutput]] = {}
        sql = f"SELECT run, way, model, step FROM run_models WHERE {within} ORDER BY run, once_at"
        for run, way, model, step in self._call.workspace.query(sql, ids):
            if way == "in":
                ins.setdefault(run, []).append(m.ModelInput(model))
            else:
                outs.setdefault(run, []).append(m.ModelOutput(model, step or 0))
        return ins, outs


def whole_text(call: Call, value: str) -> str:
    """Return a value that stands in an object, when that is what it names."""
    if not value.startswith(_OBJECT) or len(value) != len(_OBJECT) + 64:
        return value
    return call.workspace.text_of(ObjectId(value.removeprefix(_OBJECT)))
