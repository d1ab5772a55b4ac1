"""The messages of tracking: what clients send, and what they are answered.

Names and types are those of MLflow's protocol. What may be missing is None, and an answer leaves
out what is.
"""

from __future__ import annotations

import math
from typing import Annotated

from msgspec import Meta, Struct

Int64 = Annotated[int, Meta(ge=-(1 << 63), le=(1 << 63) - 1)]
Int32 = Annotated[int, Meta(ge=-(1 << 31), le=(1 << 31) - 1)]


class Empty(Struct):
    """A request that says nothing."""


class KeyValue(Struct, omit_defaults=True):
    """A tag or param."""

    key: str | None = None
    value: str | None = None


class RunRef(Struct):
    """A run."""

    run_id: str | None = None
    run_uuid: str | None = None

    @property
    def run(self) -> str | None:
        """The run's id, by its newer name or its older one."""
        return self.run_id or self.run_uuid


class ExperimentRef(Struct):
    """An experiment."""

    experiment_id: str | None = None


class ExperimentNamed(Struct):
    """An experiment by its name."""

    experiment_name: str | None = None


class CreateExperiment(Struct):
    """Make an experiment."""

    name: str | None = None
    artifact_location: str | None = None
    tags: list[KeyValue] | None = None


class UpdateExperiment(Struct):
    """Rename an experiment."""

    experiment_id: str | None = None
    new_name: str | None = None


class SearchExperiments(Struct):
    """Find experiments."""

    max_results: Int64 | None = None
    page_token: str | None = None
    filter: str | None = None
    order_by: list[str] | None = None
    view_type: str | int | None = None


class ExperimentTag(Struct):
    """Set or take away a tag of an experiment."""

    experiment_id: str | None = None
    key: str | None = None
    value: str | None = None


class Experiment(Struct, omit_defaults=True):
    """An experiment, answered."""

    experiment_id: str
    name: str
    artifact_location: str
    lifecycle_stage: str
    last_update_time: int | None = None
    creation_time: int | None = None
    tags: list[KeyValue] = []


class ExperimentAnswer(Struct):
    """One experiment."""

    experiment: Experiment


class ExperimentsAnswer(Struct, omit_defaults=True):
    """A page of experiments."""

    experiments: list[Experiment] = []
    next_page_token: str | None = None


class CreateRun(Struct):
    """Begin a run."""

    experiment_id: str | None = None
    user_id: str | None = None
    run_name: str | None = None
    start_time: Int64 | None = None
    tags: list[KeyValue] | None = None


class UpdateRun(RunRef):
    """End a run, let it go on, or give it another name."""

    status: str | int | None = None
    end_time: Int64 | None = None
    run_name: str | None = None


class SearchRuns(Struct):
    """Find runs."""

    experiment_ids: list[str] | None = None
    filter: str | None = None
    run_view_type: str | int | None = None
    max_results: Int32 | None = None
    order_by: list[str] | None = None
    page_token: str | None = None


class Metric(Struct):
    """A point, as a client logs it."""

    key: str | None = None
    value: float | None = None
    timestamp: Int64 | None = None
    step: Int64 | None = None
    model_id: str | None = None
    dataset_name: str | None = None
    dataset_digest: str | None = None


class LogMetric(RunRef):
    """Log one point."""

    key: str | None = None
    value: float | None = None
    timestamp: Int64 | None = None
    step: Int64 | None = None
    model_id: str | None = None
    dataset_name: str | None = None
    dataset_digest: str | None = None


class LogParam(RunRef):
    """Set a param or a tag; the same for taking a tag away."""

    key: str | None = None
    value: str | None = None


class LogBatch(RunRef):
    """Log points, params and tags at once."""

    metrics: list[Metric] | None = None
    params: list[KeyValue] | None = None
    tags: list[KeyValue] | None = None


class LogModel(RunRef):
    """Note a model in the run's history, as clients before 3.0 do."""

    model_json: str | None = None


class Dataset(Struct, omit_defaults=True):
    """A data set, as clients describe it."""

    name: str | None = None
    digest: str | None = None
    source_type: str | None = None
    source: str | None = None
    schema: str | None = None
    profile: str | None = None


class DatasetInput(Struct, omit_defaults=True):
    """A data set that a run read, and what for."""

    tags: list[KeyValue] = []
    dataset: Dataset | None = None


class ModelInput(Struct, omit_defaults=True):
    """A logged model that a run used."""

    model_id: str | None = None


class ModelOutput(Struct, omit_defaults=True):
    """A logged model that a run made."""

    model_id: str | None = None
    step: Int64 | None = None


class LogInputs(RunRef):
    """Say what a run read."""

    datasets: list[DatasetInput] | None = None
    models: list[ModelInput] | None = None


class LogOutputs(RunRef):
    """Say what a run made."""

    models: list[ModelOutput] | None = None


class MetricAnswer(Struct, omit_defaults=True):
    """A point, answered; a value that JSON cannot say is a word."""

    key: str
    value: float | str
    timestamp: int
    step: int
    run_id: str | None = None
    model_id: str | None = None
    dataset_name: str | None = None
    dataset_digest: str | None = None


class RunInfo(Struct, omit_defaults=True):
    """What there is to say of a run beside its data."""

    run_id: str
    run_uuid: str
    run_name: str
    experiment_id: str
    user_id: str
    status: str
    start_time: int
    artifact_uri: str
    lifecycle_stage: str
    end_time: int | None = None


class RunData(Struct, omit_defaults=True):
    """What was logged to a run."""

    metrics: list[MetricAnswer] = []
    params: list[KeyValue] = []
    tags: list[KeyValue] = []


class RunInputs(Struct, omit_defaults=True):
    """What a run read."""

    dataset_inputs: list[DatasetInput] = []
    model_inputs: list[ModelInput] = []


class RunOutputs(Struct, omit_defaults=True):
    """What a run made."""

    model_outputs: list[ModelOutput] = []


class Run(Struct, omit_defaults=True):
    """A run, answered."""

    info: RunInfo
    data: RunData
    inputs: RunInputs
    outputs: RunOutputs | None = None


class RunAnswer(Struct):
    """One run."""

    run: Run


class RunInfoAnswer(Struct):
    """What there is to say of a run."""

    run_info: RunInfo


class RunsAnswer(Struct, omit_defaults=True):
    """A page of runs."""

    runs: list[Run] = []
    next_page_token: str | None = None


def number(value: float | None) -> float | str:
    """Return a number as protobuf's JSON has it; None stands for NaN."""
    if value is None or math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    return value
