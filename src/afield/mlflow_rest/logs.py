"""Logging to a run: points, params and tags, one at a time or many at once.

Points go straight into a live file; params and tags are entries. Nothing of a batch is kept when
any part of it cannot be.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence

from afield.journal import Draft
from afield.members.actions import Action
from afield.mlflow_rest import known, runs
from afield.mlflow_rest import messages as m
from afield.mlflow_rest.answers import RUN_NAME, whole_text
from afield.mlflow_rest.decode import missing_value, require
from afield.mlflow_rest.errors import invalid, missing
from afield.mlflow_rest.known import KnownRun
from afield.mlflow_rest.model_points import model_points
from afield.mlflow_rest.names import (
    check_batch,
    check_metric,
    check_param,
    check_run_id,
    check_tag,
)
from afield.mlflow_rest.own import need_to_log, need_to_tag
from afield.mlflow_rest.reopen import go_on
from afield.mlflow_rest.route import Call, Rpc
from afield.runs import events
from afield.runs.served.writer import Point
from afield.runs.values import Keeper

_NS = 1_000_000
_MODELS = "mlflow.log-model.history"


def log_metric(call: Call, asked: m.LogMetric) -> None:
    """Log one point."""
    require(run_id=asked.run, key=asked.key, value=asked.value, timestamp=asked.timestamp)
    point = m.Metric(
        asked.key,
        asked.value,
        asked.timestamp,
        asked.step,
        asked.model_id,
        asked.dataset_name,
        asked.dataset_digest,
    )
    points = _points((point,), "")
    found = _run(call, asked.run)
    call.append(*model_points(found, (point,)))
    log(call, found, points)


def log_param(call: Call, asked: m.LogParam) -> None:
    """Set a param; one that is set already cannot be another."""
    require(run_id=asked.run, key=asked.key)
    found = _run(call, asked.run)
    key, value = check_param(asked.key, asked.value)
    old = _known_params(call, found, [key])
    keeper = _keeper(call)
    drafts = list(keeper.params(found.id, {key: value}))
    if key in old:
        if old[key] != _kept(call, keeper, drafts):
            raise invalid(
                f"Changing param values is not allowed. Param with key='{key}' was already logged"
                f" with value='{old[key]}' for run ID='{found.id}'. Attempted logging new value"
                f" '{value}'."
            )
        return
    keeper.flush()
    call.append(*drafts)


def set_tag(call: Call, asked: m.LogParam) -> None:
    """Set a tag."""
    require(run_id=asked.run, key=asked.key)
    key, value = check_tag(asked.key, asked.value)
    found = _run(call, asked.run, need_to_tag)
    if key == RUN_NAME:
        runs.rename(call, found.id, value)
        return
    call.append(*_keeper(call).tags(found.id, {key: value}))


def delete_tag(call: Call, asked: m.LogParam) -> None:
    """Take a tag away."""
    require(run_id=asked.run, key=asked.key)
    found = _run(call, asked.run, need_to_tag)
    sql = "SELECT 1 FROM tags WHERE run = ? AND name = ? AND value IS NOT NULL"
    if not call.workspace.query(sql, (found.id, asked.key)):
        raise missing(f"No tag with name: {asked.key} in run with id {found.id}")
    call.append(events.tagged(found.id, {}, [asked.key or ""]))


def log_batch(call: Call, asked: m.LogBatch) -> None:
    """Log points, params and tags: all of them, or none."""
    require(run_id=asked.run)
    check_run_id(asked.run or "")
    metrics, params, tags = asked.metrics or (), asked.params or (), asked.tags or ()
    _complete(metrics, params, tags)
    points = _points(metrics, None)
    new_params = [
        check_param(param.key, param.value, f"params[{at}].") for at, param in enumerate(params)
    ]
    new_tags = dict(check_tag(tag.key, tag.value, f"tags[{at}].") for at, tag in enumerate(tags))
    check_batch(metrics, params, tags)
    keys = [key for key, _ in new_params]
    if len(set(keys)) != len(keys):
        twice = sorted({key for key in keys if keys.count(key) > 1})
        raise invalid(
            f"Duplicate parameter keys have been submitted: {twice}. Please ensure the request"
            " contains only one param value per param key."
        )
    found = _run(call, asked.run)
    drafts = _new_params(call, found, dict(new_params)) if new_params else []
    drafts += model_points(found, metrics)
    name = new_tags.pop(RUN_NAME, None)
    if new_tags:
        keeper = _keeper(call)
        drafts += keeper.tags(found.id, new_tags)
        keeper.flush()
    log(call, found, points)
    call.append(*drafts)
    if name:
        runs.rename(call, found.id, name)


def log_model(call: Call, asked: m.LogModel) -> None:
    """Note a model in the run's history, as clients before 3.0 do."""
    require(run_id=asked.run, model_json=asked.model_json)
    try:
        model = json.loads(asked.model_json or "")
    except (ValueError, RecursionError):
        raise invalid(
            f"Malformed model info. \n {asked.model_json} \n is not a valid JSON."
        ) from None
    needed = {"artifact_path", "flavors", "utc_time_created", "run_id"}
    if not isinstance(model, dict) or needed - model.keys():
        lacking = needed - (model.keys() if isinstance(model, dict) else set())
        raise invalid(f"Model json is missing mandatory fields: {lacking}")
    found = _run(call, asked.run)
    sql = "SELECT value FROM tags WHERE run = ? AND name = ?"
    rows = call.workspace.query(sql, (found.id, _MODELS))
    before = json.loads(rows[0][0]) if rows and rows[0][0] else []
    kept = {key: value for key, value in model.items() if key not in ("signature", "metadata")}
    check_tag(_MODELS, text := json.dumps([*before, kept]))
    call.append(events.tagged(found.id, {_MODELS: text}))


def log(call: Call, run: KnownRun, points: Sequence[Point]) -> None:
    """Log points to a run, which is opened again when it had ended."""
    if not points:
        return
    try:
        call.served.log(run.id, points)
    except FileNotFoundError:
        go_on(call, run, keeps_end=True)
        call.served.log(run.id, points)


def _run(
    call: Call, run: str | None, need: Callable[[Call, KnownRun], None] = need_to_log
) -> KnownRun:
    found = known.active_run(call.workspace, run or "")
    need(call, found)
    return found


def _points(metrics: Sequence[m.Metric], path: str | None) -> list[Point]:
    """Return points that can all be kept."""
    found: list[Point] = []
    for at, point in enumerate(metrics):
        name = check_metric(point, f"metrics[{at}]." if path is None else path)
        time_ns = (point.timestamp or 0) * _NS
        found.append((name, point.step or 0, time_ns, point.value or 0.0))
    return found


def _complete(
    metrics: Sequence[m.Metric], params: Sequence[m.KeyValue], tags: Sequence[m.KeyValue]
) -> None:
    for at, point in enumerate(metrics):
        for name in ("key", "value", "timestamp"):
            if getattr(point, name) in (None, ""):
                raise missing_value(f"metrics[{at}].{name}")
    for what, pairs in (("params", params), ("tags", tags)):
        for at, pair in enumerate(pairs):
            if not pair.key:
                raise missing_value(f"{what}[{at}].key")


def _keeper(call: Call) -> Keeper:
    record = call.served.record
    return Keeper(record.vault, secrets=record.secrets)


def _known_params(call: Call, run: KnownRun, keys: Sequence[str]) -> dict[str, str]:
    marks = ", ".join("?" * len(keys))
    sql = f"SELECT name, text FROM params WHERE run = ? AND name IN ({marks})"
    return {
        name: whole_text(call, "None" if text is None else text)
        for name, text in call.workspace.query(sql, (run.id, *keys))
    }


def _new_params(call: Call, run: KnownRun, values: Mapping[str, str]) -> list[Draft]:
    old = _known_params(call, run, list(values))
    changed = []
    keeper = _keeper(call)
    for key in old:
        drafts = list(keeper.params(run.id, {key: values[key]}))
        if old[key] != _kept(call, keeper, drafts):
            changed.append({"key": key, "old_value": old[key], "new_value": values[key]})
    if changed:
        raise invalid(
            f"Changing param values is not allowed. Params were already logged='{changed}' for run"
            f" ID='{run.id}'."
        )
    new = {key: value for key, value in values.items() if key not in old}
    drafts = list(keeper.params(run.id, new))
    keeper.flush()
    return drafts


def _kept(call: Call, keeper: Keeper, drafts: Sequence[Draft]) -> str:
    """Return a param's value as it would be kept: with secrets replaced."""
    text = str(next(iter(drafts[0].body["params"].values())))
    if text.startswith("object:"):
        keeper.flush()
        return whole_text(call, text)
    return text


def _is_points(asked: m.LogMetric | m.LogBatch) -> bool:
    """Tell a request of points alone: no entry is written for it."""
    if isinstance(asked, m.LogMetric):
        return not asked.model_id
    return not asked.params and not asked.tags and not any(p.model_id for p in asked.metrics or ())


_LOG, _EDIT = Action.RUN_LOG, Action.RUN_EDIT
RPCS = (
    Rpc("POST", "/mlflow/runs/log-metric", _LOG, m.LogMetric, log_metric, quick=_is_points),
    Rpc("POST", "/mlflow/runs/log-parameter", Action.RUN_LOG, m.LogParam, log_param),
    Rpc("POST", "/mlflow/runs/set-tag", _LOG, m.LogParam, set_tag, other=_EDIT),
    Rpc("POST", "/mlflow/runs/delete-tag", _LOG, m.LogParam, delete_tag, other=_EDIT),
    Rpc("POST", "/mlflow/runs/log-batch", _LOG, m.LogBatch, log_batch, quick=_is_points),
    Rpc("POST", "/mlflow/runs/log-model", Action.RUN_LOG, m.LogModel, log_model),
)
