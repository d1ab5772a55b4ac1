"""Logged models: make, finish, find, tag, delete; their params and their files."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import Any

from afield.journal import Draft
from afield.kernel.ids import new_run_id
from afield.members.actions import Action
from afield.mlflow_rest import experiments, known, limits
from afield.mlflow_rest import messages as m
from afield.mlflow_rest.answers import whole_text
from afield.mlflow_rest.artifacts import file_infos
from afield.mlflow_rest.decode import missing_value, require, wrong_value
from afield.mlflow_rest.errors import invalid, missing
from afield.mlflow_rest.known import KnownExperiment
from afield.mlflow_rest.model_messages import (
    CreateModel,
    FinalizeModel,
    ListFiles,
    Model,
    ModelAnswer,
    ModelData,
    ModelFiles,
    ModelInfo,
    ModelPairs,
    ModelRef,
    ModelsAnswer,
    SearchModels,
)
from afield.mlflow_rest.names import check_length
from afield.mlflow_rest.own import need_to_log_model, need_to_tag_model
from afield.mlflow_rest.paths import of_model
from afield.mlflow_rest.registry_answers import versions_tags
from afield.mlflow_rest.route import Call, Rpc
from afield.mlflow_rest.search.models import ModelSearch
from afield.mlflow_rest.search.pages import page_size
from afield.runs.models import events
from afield.runs.names import default_name
from afield.runs.values import Keeper

_STATES = {
    "pending": "LOGGED_MODEL_PENDING",
    "ready": "LOGGED_MODEL_READY",
    "failed": "LOGGED_MODEL_UPLOAD_FAILED",
}
_OURS = {theirs: ours for ours, theirs in _STATES.items()} | {
    "1": "pending",
    "2": "ready",
    "3": "failed",
}
_COLUMNS = (
    "r.id, r.experiment, r.name, r.made_ms, r.touched_ms, r.model_type, r.run, r.status, r.deleted"
)
_AT_ONCE = 500


def create(call: Call, asked: CreateModel) -> ModelAnswer:
    """Begin to log a model."""
    require(experiment_id=asked.experiment_id)
    name = _checked_name(asked.name)
    within = experiments.active(call, asked.experiment_id)
    call.need(Action.RUN_LOG, within.project)
    model = f"m-{os.urandom(16).hex()}"
    made = events.made(
        model,
        experiment=within.id,
        name=name or default_name(new_run_id()),
        made_ms=call.now_ms(),
        model_type=asked.model_type,
        run=asked.source_run_id,
        status="pending",
    )
    drafts = [made, *_params(call, model, asked.params or ())]
    if asked.tags:
        drafts.append(events.tagged(model, _pairs(asked.tags, limits.TAG_CHARS_MAX)))
    call.append(*drafts)
    return ModelAnswer(_one(call, model))


def get(call: Call, asked: ModelRef) -> ModelAnswer:
    """Return a model."""
    model = _readable(call, Action.RUN_READ, deleted=asked.allow_deleted is True)
    return ModelAnswer(_one(call, model))


def finalize(call: Call, asked: FinalizeModel) -> ModelAnswer:
    """Say how far a model has come."""
    require(status=asked.status)
    status = _OURS.get(str(asked.status).upper())
    if status is None:
        raise wrong_value("status", asked.status, f"one of {sorted(_STATES.values())}")
    model = _writable(call, need_to_log_model)
    call.append(events.state(model, status))
    return ModelAnswer(_one(call, model))


def delete(call: Call, _: ModelRef) -> None:
    """Delete a model."""
    model = _readable(call, Action.RUN_DELETE, deleted=True)
    call.append(events.deleted(model, gone=True))


def set_tags(call: Call, asked: ModelPairs) -> ModelAnswer:
    """Set tags."""
    model = _writable(call, need_to_tag_model)
    values = _pairs(asked.tags or (), limits.TAG_CHARS_MAX)
    if values:
        call.append(events.tagged(model, values))
    return ModelAnswer(_one(call, model))


def delete_tag(call: Call, _: ModelRef) -> None:
    """Take a tag away."""
    model = _writable(call, need_to_tag_model)
    key = call.path["tag_key"]
    sql = "SELECT 1 FROM logged_model_tags WHERE model = ? AND name = ? AND value IS NOT NULL"
    if not call.workspace.query(sql, (model, key)):
        raise missing(f"No tag with key {key!r} found for model with ID {model!r}.")
    call.append(events.tagged(model, {}, [key]))


def log_params(call: Call, asked: ModelPairs) -> None:
    """Set params."""
    model = _writable(call, need_to_log_model)
    call.append(*_params(call, model, asked.params or ()))


def list_files(call: Call, asked: ListFiles) -> ModelFiles:
    """Return what lies in a folder of a model."""
    model = _readable(call, Action.ARTIFACT_READ)
    found = of_model(call, model, asked.artifact_directory_path or "").listed(call)
    return ModelFiles(_one(call, model).info.artifact_uri, file_infos(found))


def search(call: Call, asked: SearchModels) -> ModelsAnswer:
    """Return a page of models."""
    if not asked.experiment_ids:
        raise missing_value("experiment_ids")
    size = page_size(asked.max_results or None, limits.MODELS_PAGE, limits.MODELS_PAGE_MAX)
    within = []
    for each in dict.fromkeys(asked.experiment_ids):
        one = known.experiment(call.workspace, each)
        if call.caller.may(Action.RUN_READ, one.project).allowed:
            within.append(one)
    wanted = ModelSearch(
        [one.id for one in within],
        text=asked.filter or "",
        datasets=asked.datasets or (),
        order_by=asked.order_by or (),
    )
    rows, token = wanted.page(call.workspace, _COLUMNS, size=size, token=asked.page_token)
    return ModelsAnswer(_messages(call, rows, within), token)


def _readable(call: Call, action: Action, *, deleted: bool = False) -> str:
    """Return the id that the path names, of a model to which the caller may do something."""
    model, project = _of_path(call, deleted=deleted)
    call.need(action, project)
    return model


def _writable(call: Call, need: Callable[[Call, str, str], None]) -> str:
    """Return the id that the path names, of a model that the caller may change."""
    model, project = _of_path(call, deleted=True)
    need(call, model, project)
    return model


def _of_path(call: Call, *, deleted: bool) -> tuple[str, str]:
    """Return the id that the path names, and the project of the model."""
    model = call.path["model_id"]
    sql = "SELECT experiment, deleted FROM logged_models WHERE id = ? AND made_ms IS NOT NULL"
    rows = call.workspace.query(sql, (model,))
    if not rows or (rows[0][1] and not deleted):
        raise missing(f"Logged model with ID '{model}' not found.")
    return model, known.experiment(call.workspace, rows[0][0]).project


def _checked_name(name: str | None) -> str | None:
    if not name:
        return None
    if any(sign in name for sign in "/:.%\"'"):
        raise invalid(
            f"Invalid model name ({name!r}) provided. Model name must be a non-empty string and"
            " cannot contain the following characters: ('/', ':', '.', '%', '\"', \"'\")"
        )
    return check_length("name", name, limits.EXPERIMENT_NAME_CHARS_MAX)


def _pairs(pairs: Sequence[m.KeyValue], chars_max: int) -> dict[str, str]:
    found: dict[str, str] = {}
    for pair in pairs:
        require(key=pair.key)
        key = check_length("key", pair.key or "", limits.KEY_CHARS_MAX)
        found[key] = check_length("value", pair.value or "", chars_max)
    return found


def _params(call: Call, model: str, pairs: Sequence[m.KeyValue]) -> list[Draft]:
    values = _pairs(pairs, limits.PARAM_CHARS_MAX)
    if not values:
        return []
    record = call.served.record
    keeper = Keeper(record.vault, secrets=record.secrets)
    drafts = [
        events.params(model, draft.body["params"], draft.refs)
        for draft in keeper.params(new_run_id(), values)
    ]
    keeper.flush()
    return drafts


def _one(call: Call, model: str) -> Model:
    sql = f"SELECT {_COLUMNS} FROM logged_models r WHERE r.id = ?"
    return _messages(call, call.workspace.query(sql, (model,)), ())[0]


def _messages(
    call: Call, rows: Sequence[tuple[Any, ...]], within: Sequence[KnownExperiment]
) -> list[Model]:
    found: list[Model] = []
    locations = {one.id: one.artifacts for one in within}
    for start in range(0, len(rows), _AT_ONCE):
        some = rows[start : start + _AT_ONCE]
        ids = [str(row[0]) for row in some]
        marks = ", ".join("?" * len(ids))
        params = _values(call, "logged_model_params", marks, ids)
        tags = _values(call, "logged_model_tags", marks, ids)
        for model, versions in versions_tags(call, ids).items():
            own = [tag for tag in tags.get(model, ()) if tag.key != versions.key]
            tags[model] = [*own, versions]
        metrics = _metrics(call, marks, ids)
        for row in some:
            model, experiment, name, made_ms, touched_ms, kind, run, status, _ = row
            at = locations.get(str(experiment))
            if at is None:
                at = known.experiment(call.workspace, str(experiment)).artifacts
                locations[str(experiment)] = at
            info = ModelInfo(
                model_id=str(model),
                experiment_id=str(experiment),
                name=str(name),
                creation_timestamp_ms=int(str(made_ms)),
                last_updated_timestamp_ms=int(str(touched_ms or made_ms)),
                artifact_uri=f"{at}/models/{model}/artifacts",
                status=_STATES.get(str(status), "LOGGED_MODEL_STATUS_UNSPECIFIED"),
                model_type=None if kind is None else str(kind),
                source_run_id=None if run is None else str(run),
                tags=tags.get(str(model), []),
            )
            data = ModelData(params.get(str(model), []), metrics.get(str(model), []))
            found.append(Model(info, data))
    return found


def _values(call: Call, table: str, marks: str, ids: Sequence[str]) -> dict[str, list[m.KeyValue]]:
    found: dict[str, list[m.KeyValue]] = {}
    sql = (
        f"SELECT model, name, value FROM {table} WHERE model IN ({marks}) AND value IS NOT NULL"
        " ORDER BY model, name"
    )
    for model, name, value in call.workspace.query(sql, ids):
        found.setdefault(model, []).append(m.KeyValue(name, whole_text(call, value)))
    return found


def _metrics(call: Call, marks: str, ids: Sequence[str]) -> dict[str, list[m.MetricAnswer]]:
    found: dict[str, list[m.MetricAnswer]] = {}
    sql = (
        "SELECT model, name, value, time_ms, step, run, dataset, digest FROM logged_model_metrics"
        f" WHERE model IN ({marks}) ORDER BY model, once_at, name, time_ms, step"
    )
    for model, name, value, time_ms, step, run, dataset, digest in call.workspace.query(sql, ids):
        point = m.MetricAnswer(
            name, m.number(value), time_ms, step, run, model, dataset or None, digest or None
        )
        found.setdefault(model, []).append(point)
    return found


_ONE = "/mlflow/logged-models/{model_id}"
_LOG, _EDIT = Action.RUN_LOG, Action.RUN_EDIT
RPCS = (
    Rpc("POST", "/mlflow/logged-models", Action.RUN_LOG, CreateModel, create),
    Rpc("POST", "/mlflow/logged-models/search", Action.RUN_READ, SearchModels, search),
    Rpc("GET", _ONE, Action.RUN_READ, ModelRef, get),
    Rpc("PATCH", _ONE, Action.RUN_LOG, FinalizeModel, finalize),
    Rpc("DELETE", _ONE, Action.RUN_DELETE, ModelRef, delete),
    Rpc("POST", f"{_ONE}/params", Action.RUN_LOG, ModelPairs, log_params),
    Rpc("PATCH", f"{_ONE}/tags", _LOG, ModelPairs, set_tags, other=_EDIT),
    Rpc("DELETE", f"{_ONE}/tags/{{tag_key:path}}", _LOG, ModelRef, delete_tag, other=_EDIT),
    Rpc("GET", f"{_ONE}/artifacts/directories", Action.ARTIFACT_READ, ListFiles, list_files),
)
