"""The messages of logged models: what clients send, and what they are answered."""

from __future__ import annotations

from msgspec import Struct

from afield.mlflow_rest import messages as m
from afield.mlflow_rest.artifacts import FileInfo
from afield.mlflow_rest.search.models import ModelOrder, OfDataset


class CreateModel(Struct):
    """Begin to log a model."""

    experiment_id: str | None = None
    name: str | None = None
    model_type: str | None = None
    source_run_id: str | None = None
    params: list[m.KeyValue] | None = None
    tags: list[m.KeyValue] | None = None


class ModelRef(Struct):
    """A model; the path has its id."""

    allow_deleted: bool | None = None


class FinalizeModel(Struct):
    """Say how far a model has come."""

    status: str | int | None = None


class ModelPairs(Struct):
    """Params or tags of a model."""

    params: list[m.KeyValue] | None = None
    tags: list[m.KeyValue] | None = None


class SearchModels(Struct):
    """Find models."""

    experiment_ids: list[str] | None = None
    filter: str | None = None
    datasets: list[OfDataset] | None = None
    max_results: m.Int32 | None = None
    order_by: list[ModelOrder] | None = None
    page_token: str | None = None


class ListFiles(Struct):
    """Ask what lies in a folder of a model."""

    artifact_directory_path: str | None = None


class ModelInfo(Struct, omit_defaults=True):
    """What there is to say of a model beside its data."""

    model_id: str
    experiment_id: str
    name: str
    creation_timestamp_ms: int
    last_updated_timestamp_ms: int
    artifact_uri: str
    status: str
    model_type: str | None = None
    source_run_id: str | None = None
    tags: list[m.KeyValue] = []


class ModelData(Struct, omit_defaults=True):
    """Params and points of a model."""

    params: list[m.KeyValue] = []
    metrics: list[m.MetricAnswer] = []


class Model(Struct):
    """A model, answered."""

    info: ModelInfo
    data: ModelData


class ModelAnswer(Struct):
    """One model."""

    model: Model


class ModelsAnswer(Struct, omit_defaults=True):
    """A page of models."""

    models: list[Model] = []
    next_page_token: str | None = None


class ModelFiles(Struct, omit_defaults=True):
    """What lies in a folder of a model."""

    root_uri: str
    files: list[FileInfo] = []
