"""The messages of the registry: what clients send, and what they are answered.

Names and types are those of MLflow's protocol; see `messages`.
"""

from __future__ import annotations

from msgspec import Struct

from afield.mlflow_rest.messages import Int64, KeyValue

Number = str | int | None


class CreateModel(Struct):
    """Make a registered model."""

    name: str | None = None
    tags: list[KeyValue] | None = None
    description: str | None = None


class ModelNamed(Struct):
    """A registered model."""

    name: str | None = None


class RenameModel(ModelNamed):
    """Give a model another name."""

    new_name: str | None = None


class UpdateModel(ModelNamed):
    """Describe a model."""

    description: str | None = None


class ModelTag(ModelNamed):
    """Set or take away a tag of a model."""

    key: str | None = None
    value: str | None = None


class ModelAlias(ModelNamed):
    """An alias of a model's; `version` is what it is to point at."""

    alias: str | None = None
    version: Number = None


class Latest(ModelNamed):
    """Ask for the newest version in each of some stages."""

    stages: list[str] | None = None


class Search(Struct):
    """Find models or versions."""

    filter: str | None = None
    max_results: Int64 | None = None
    order_by: list[str] | None = None
    page_token: str | None = None


class CreateVersion(ModelNamed):
    """Register a version."""

    source: str | None = None
    run_id: str | None = None
    tags: list[KeyValue] | None = None
    run_link: str | None = None
    description: str | None = None
    model_id: str | None = None


class VersionRef(ModelNamed):
    """A version."""

    version: Number = None


class UpdateVersion(VersionRef):
    """Describe a version."""

    description: str | None = None


class StageVersion(VersionRef):
    """Say what a version is for."""

    stage: str | None = None
    archive_existing_versions: bool | None = None


class VersionTag(VersionRef):
    """Set or take away a tag of a version."""

    key: str | None = None
    value: str | None = None


class Alias(Struct):
    """An alias, answered."""

    alias: str
    version: str


class Version(Struct, omit_defaults=True):
    """A version, answered."""

    name: str
    version: str
    creation_timestamp: int
    last_updated_timestamp: int
    current_stage: str
    source: str
    status: str
    user_id: str | None = None
    description: str | None = None
    run_id: str | None = None
    tags: list[KeyValue] = []
    run_link: str | None = None
    aliases: list[str] = []
    model_id: str | None = None


class Model(Struct, omit_defaults=True):
    """A registered model, answered."""

    name: str
    creation_timestamp: int
    last_updated_timestamp: int
    description: str | None = None
    latest_versions: list[Version] = []
    tags: list[KeyValue] = []
    aliases: list[Alias] = []


class ModelAnswer(Struct):
    """One model."""

    registered_model: Model


class ModelsAnswer(Struct, omit_defaults=True):
    """A page of models."""

    registered_models: list[Model] = []
    next_page_token: str | None = None


class VersionAnswer(Struct):
    """One version."""

    model_version: Version


class VersionsAnswer(Struct, omit_defaults=True):
    """Versions, or a page of them."""

    model_versions: list[Version] = []
    next_page_token: str | None = None


class Location(Struct):
    """Where a version's files are."""

    artifact_uri: str
