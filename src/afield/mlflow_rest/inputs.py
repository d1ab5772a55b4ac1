"""What runs read and made: data sets, and logged models as inputs and outputs."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from msgspec import Struct

from afield.journal import Draft
from afield.members.actions import Action
from afield.mlflow_rest import known, limits
from afield.mlflow_rest import messages as m
from afield.mlflow_rest.decode import missing_value, require
from afield.mlflow_rest.errors import invalid
from afield.mlflow_rest.known import KnownRun
from afield.mlflow_rest.names import check_length, check_run_id
from afield.mlflow_rest.own import need_to_log
from afield.mlflow_rest.route import Call, Rpc
from afield.runs.models import events


class SearchDatasets(Struct):
    """Ask which data sets the runs of experiments read."""

    experiment_ids: list[str] | None = None


class DatasetSummary(Struct, omit_defaults=True):
    """A data set that runs of an experiment read."""

    experiment_id: str
    name: str
    digest: str
    context: str | None = None


class DatasetSummaries(Struct, omit_defaults=True):
    """Data sets, answered."""

    dataset_summaries: list[DatasetSummary] = []


def log_inputs(call: Call, asked: m.LogInputs) -> None:
    """Say what a run read; what it is said to have read already stays as it was."""
    require(run_id=asked.run)
    check_run_id(asked.run or "")
    datasets = [_checked(each) for each in asked.datasets or ()]
    run = _run(call, asked.run)
    drafts = [*_datasets(call, run, datasets)]
    drafts += [events.took_model(run.id, _model(each.model_id)) for each in asked.models or ()]
    call.append(*drafts)


def log_outputs(call: Call, asked: m.LogOutputs) -> None:
    """Say which models a run made."""
    require(run_id=asked.run)
    if asked.models is None:
        raise missing_value("models")
    run = _run(call, asked.run)
    call.append(
        *(events.gave(run.id, _model(each.model_id), each.step or 0) for each in asked.models)
    )


def search_datasets(call: Call, asked: SearchDatasets) -> DatasetSummaries:
    """Return the data sets that runs of experiments read."""
    ids = asked.experiment_ids or []
    most = limits.SEARCHED_DATASETS_EXPERIMENTS_MAX
    if not ids:
        raise invalid("SearchDatasets request must specify at least one experiment_id.")
    if len(ids) > most:
        raise invalid(
            f"SearchDatasets request cannot specify more than {most} experiment_ids."
            f" Received {len(ids)} experiment_ids."
        )
    found: list[DatasetSummary] = []
    for each in dict.fromkeys(ids):
        one = known.experiment(call.workspace, each)
        if not call.caller.may(Action.RUN_READ, one.project).allowed:
            continue
        sql = (
            "SELECT DISTINCT d.name, d.digest, d.context FROM runs r JOIN run_datasets d"
            " ON d.run = r.id WHERE r.project = ? AND r.experiment = ?"
            " ORDER BY d.name, d.digest, d.context LIMIT ?"
        )
        args = (one.project, one.name, limits.DATASET_SUMMARIES_MAX - len(found))
        rows = call.workspace.query(sql, args)
        found += [DatasetSummary(one.id, *row) for row in rows]
    return DatasetSummaries(found)


def _run(call: Call, run: str | None) -> KnownRun:
    found = known.active_run(call.workspace, run or "")
    need_to_log(call, found)
    return found


def _model(model: str | None) -> str:
    if not model:
        raise missing_value("model_id")
    return check_length("model_id", model, limits.KEY_CHARS_MAX)


def _datasets(
    call: Call, run: KnownRun, inputs: Sequence[tuple[m.Dataset, dict[str, str]]]
) -> Iterator[Draft]:
    sql = "SELECT name, digest FROM run_datasets WHERE run = ?"
    here = set(call.workspace.query(sql, (run.id,)))
    vault = call.served.record.vault
    for dataset, tags in inputs:
        name, digest = dataset.name or "", dataset.digest or ""
        if (name, digest) in here:
            continue
        here.add((name, digest))
        told = {
            key: value
            for key in ("source_type", "source", "schema", "profile")
            if (value := getattr(dataset, key)) is not None
        }
        described = vault.put(json.dumps(told, sort_keys=True).encode(), meta=True)
        yield events.took(run.id, name=name, digest=digest, tags=tags, described=described)
    vault.flush()


def _checked(found: m.DatasetInput) -> tuple[m.Dataset, dict[str, str]]:
    dataset = found.dataset
    if dataset is None:
        raise invalid("Dataset cannot be None")
    for field in ("name", "digest", "source_type", "source"):
        if not getattr(dataset, field):
            raise invalid(f"Dataset {field} cannot be None")
    for field, most in (
        ("name", limits.DATASET_NAME_CHARS_MAX),
        ("digest", limits.DATASET_DIGEST_CHARS_MAX),
        ("source", limits.DATASET_SOURCE_CHARS_MAX),
        ("schema", limits.DATASET_SCHEMA_CHARS_MAX),
        ("profile", limits.DATASET_PROFILE_CHARS_MAX),
    ):
        check_length(field, getattr(dataset, field) or "", most)
    tags: dict[str, str] = {}
    for tag in found.tags:
        if tag.key is None:
            raise invalid("InputTag key cannot be None")
        if tag.value is None:
            raise invalid("InputTag value cannot be None")
        check_length("key", tag.key, limits.INPUT_TAG_KEY_CHARS_MAX)
        tags[tag.key] = check_length("value", tag.value, limits.INPUT_TAG_CHARS_MAX)
    return dataset, tags


_SEARCH = "/mlflow/experiments/search-datasets"
RPCS = (
    Rpc("POST", "/mlflow/runs/log-inputs", Action.RUN_LOG, m.LogInputs, log_inputs),
    Rpc("POST", "/mlflow/runs/outputs", Action.RUN_LOG, m.LogOutputs, log_outputs),
    Rpc("POST", _SEARCH, Action.RUN_READ, SearchDatasets, search_datasets),
)
