"""The shapes of documents about data in the OpenAPI document; `docs/json.md` explains them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import BaseModel, Field

from afield.hub.api.shapes import Scalar


class VersionShape(BaseModel):
    """A version of a dataset; `source` is what it was brought from."""

    name: str
    version: int
    label: str
    tree: str
    files: int
    size_bytes: int
    added: datetime
    by: str
    message: str | None
    source: dict[str, Any] | None


class CardShape(BaseModel):
    """A data card: its fields, and which are missing or were erased."""

    fields: dict[str, str | None]
    missing: list[str]
    erased: list[str]
    complete: bool


class DatasetShape(VersionShape):
    """A dataset by its newest version, with its card."""

    card: CardShape


class DataFileShape(BaseModel):
    """A file of a version; `mode` is octal."""

    path: str
    size_bytes: int
    digest: str
    mode: str


class ColumnShape(BaseModel):
    """A column's statistics; `quantiles` by `p01 p05 p25 p50 p75 p95 p99`, of numbers."""

    name: str
    type: str
    family: str
    rows: int
    nulls: int
    nans: int
    distinct: int | None
    distinct_exact: bool
    min: Scalar
    max: Scalar
    mean: float | None
    quantiles: dict[str, float | None] | None


class TableShape(BaseModel):
    """Files that are parts of one table, and its columns."""

    files: int
    path: str
    formats: list[str]
    rows: int
    columns: list[ColumnShape]
    columns_not_read: int
    repeated: list[str]


class StatisticsShape(BaseModel):
    """What a profile says of a version."""

    v: int
    tables: list[TableShape]
    skipped: list[Any]
    not_read: int


class ChangedFile(BaseModel):
    """A file before and after."""

    path: str
    before: DataFileShape
    after: DataFileShape


class RenamedFile(BaseModel):
    """A file whose bytes lie under another name."""

    before: str
    after: str


class FileChanges(BaseModel):
    """How the files of two versions differ."""

    same: int
    added: list[DataFileShape]
    removed: list[DataFileShape]
    changed: list[ChangedFile]
    renamed: list[RenamedFile]


class RowChanges(BaseModel):
    """How many rows there are, and how many differ; null where it cannot be told."""

    before: int | None
    after: int | None
    added: int | None
    removed: int | None
    changed: int | None
    same: int | None
    repeated_keys: int | None


class ColumnChange(BaseModel):
    """A column before and after: its statistics, and how many cells changed."""

    name: str
    before: Any
    after: Any
    cells_changed: int | None


class TableChange(BaseModel):
    """How a table differs; rows are paired `by` key or position."""

    path: str
    by: str
    key: list[str]
    repeated: list[str]
    rows: RowChanges
    examples: Any
    columns: list[ColumnChange]


class NotCompared(BaseModel):
    """A file that was not compared as a table, and why."""

    path: str
    why: str


class DataDiff(BaseModel):
    """How two versions differ: `afield.data-diff/1`."""

    schema_: str = Field("afield.data-diff/1", alias="schema")
    a: VersionShape
    b: VersionShape
    equal: bool
    files: FileChanges
    tables: list[TableChange]
    not_compared: list[NotCompared]
