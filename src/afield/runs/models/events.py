"""The facts about logged models, and about what runs took in and gave out.

`about` is the model's id (`m-` and 32 hex digits), the run's id for inputs and outputs, and the
path of a file that is kept for nobody in particular.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from afield.journal import Draft
from afield.kernel.ids import ObjectId, RunId
from afield.runs.events import to_json_number

MADE = "model.made"
PARAMS = "model.params"
TAGGED = "model.tagged"
STATE = "model.state"
MEASURED = "model.measured"
SAVED = "model.saved"
DELETED = "model.deleted"
TOOK = "run.took"
GAVE = "run.gave"
KEPT = "file.kept"

EVENTS = (MADE, PARAMS, TAGGED, STATE, MEASURED, SAVED, DELETED, TOOK, GAVE, KEPT)


def made(
    model: str,
    *,
    experiment: str,
    name: str,
    made_ms: int,
    model_type: str | None,
    run: str | None,
    status: str,
) -> Draft:
    """Say that a model is being logged."""
    body: dict[str, Any] = {
        "experiment": experiment,
        "name": name,
        "made_ms": made_ms,
        "status": status,
    }
    if model_type:
        body["model_type"] = model_type
    if run:
        body["run"] = run
    return Draft(MADE, model, body)


def params(model: str, values: Mapping[str, str], refs: Sequence[ObjectId] = ()) -> Draft:
    """Set params; `refs` are the objects of long ones, shown as `object:<id>`."""
    return Draft(PARAMS, model, {"params": dict(values)}, tuple(refs))


def tagged(model: str, values: Mapping[str, str], unset: Sequence[str] = ()) -> Draft:
    """Set and unset tags."""
    return Draft(TAGGED, model, {"set": dict(values), "unset": list(unset)})


def state(model: str, status: str) -> Draft:
    """Say how far a model has come: `pending`, `ready`, `failed`."""
    return Draft(STATE, model, {"status": status})


def measured(model: str, run: RunId, points: Sequence[Mapping[str, Any]]) -> Draft:
    """Tell points of a model: `name`, `value`, `step`, `time_ms`, and maybe `dataset`, `digest`."""
    told = [{**point, "value": to_json_number(point["value"])} for point in points]
    return Draft(MEASURED, model, {"run": run, "points": told})


def saved(model: str, path: str, found: ObjectId | None, size_bytes: int | None) -> Draft:
    """Name a file of a model; None takes it away."""
    body = {"path": path, "object": found, "size_bytes": size_bytes}
    return Draft(SAVED, model, body, () if found is None else (found,))


def deleted(model: str, *, gone: bool) -> Draft:
    """Hide a model from lists, or bring it back."""
    return Draft(DELETED, model, {"deleted": gone})


def took(
    run: RunId, *, name: str, digest: str, tags: Mapping[str, str], described: ObjectId
) -> Draft:
    """Say that a run read a data set; `described` is JSON: its source, schema and profile."""
    body = {"name": name, "digest": digest, "tags": dict(tags), "described": described}
    return Draft(TOOK, run, body, (described,))


def took_model(run: RunId, model: str) -> Draft:
    """Say that a run used a logged model."""
    return Draft(TOOK, run, {"model": model})


def gave(run: RunId, model: str, step: int) -> Draft:
    """Say that a run made a logged model at a step."""
    return Draft(GAVE, run, {"model": model, "step": step})


def kept(path: str, found: ObjectId | None, size_bytes: int | None) -> Draft:
    """Name a file that belongs to no run and no model; None takes it away."""
    body = {"object": found, "size_bytes": size_bytes}
    return Draft(KEPT, path, body, () if found is None else (found,))
