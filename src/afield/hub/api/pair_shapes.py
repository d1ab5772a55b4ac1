"""The shapes of `afield.compare/1` and `afield.env-diff/1` in the OpenAPI document."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, Field


class ChangeShape(BaseModel):
    """A named value that differs; null where a side has none."""

    name: str
    a: Any
    b: Any


class CauseShape(BaseModel):
    """Why two runs differ, as far as it can be told; `detail` is one line, `evidence` more."""

    kind: str
    detail: str
    evidence: list[str]


class OutputResultShape(BaseModel):
    """How one file came out."""

    path: str
    verdict: str
    canonicaliser: str
    detail: str | None


class MetricResultShape(BaseModel):
    """How one metric came out."""

    name: str
    recorded: float | None
    reproduced: float | None
    verdict: str
    detail: str | None


class StreamResultShape(BaseModel):
    """How the console came out."""

    verdict: str
    detail: str | None


class ExitResultShape(BaseModel):
    """How the two runs ended."""

    recorded: int | str | None
    reproduced: int | str | None
    verdict: str


class CodeDiffShape(BaseModel):
    """How code differs: paths, commits and a diff of lines."""

    changed: list[str]
    only_a: list[str]
    only_b: list[str]
    commits: list[str | None]
    diff: list[str]


class EnvironmentDiffShape(BaseModel):
    """How environments differ."""

    python: ChangeShape | None
    changed: list[ChangeShape]
    only_a: list[ChangeShape]
    only_b: list[ChangeShape]
    files: list[str]
    platform: ChangeShape | None
    origins: list[ChangeShape]
    unchecked: list[str]
    patched: list[ChangeShape]


class NamedShape(BaseModel):
    """A run by its name."""

    run: str
    name: str


class EnvironmentsShape(EnvironmentDiffShape):
    """How the environments of two runs differ: `afield.env-diff/1`."""

    schema_: str = Field("afield.env-diff/1", alias="schema")
    a: NamedShape
    b: NamedShape
    equal: bool


class PairShape(BaseModel):
    """Two runs, compared whole: `afield.compare/1`."""

    schema_: str = Field("afield.compare/1", alias="schema")
    a: str
    b: str
    captured: list[bool]
    cause: CauseShape | None
    code: CodeDiffShape
    environment: EnvironmentDiffShape
    inputs: list[dict[str, Any]]
    inputs_only_a: list[str]
    inputs_only_b: list[str]
    datasets: list[ChangeShape]
    arguments: ChangeShape | None
    variables: list[ChangeShape]
    params: list[ChangeShape]
    machine: list[str]
    metrics: list[MetricResultShape]
    outputs: list[OutputResultShape]
    console: StreamResultShape | None
    exit: ExitResultShape


class BisectionShape(BaseModel):
    """What a trial with the recorded kernels and threads showed."""

    detail: str
    run: str | None = None
    verdict: str | None = None
    explains: bool | None = None
    pinned: list[str] = []


class ReportShape(BaseModel):
    """How well a run was reproduced, with the reasons: `afield.reproduction/1`."""

    schema_: str = Field("afield.reproduction/1", alias="schema")
    run: str
    new_run: str | None
    verdict: str
    cause: CauseShape | None
    reasons: list[str]
    outputs: list[OutputResultShape]
    metrics: list[MetricResultShape]
    console: StreamResultShape | None
    exit: ExitResultShape | None
    tolerance: float
    tolerances: dict[str, float]
    environment: str | None
    folder: str | None
    bisection: BisectionShape | None
