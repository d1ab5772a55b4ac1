"""The shape of a run's whole document, `afield.run/1`, in the OpenAPI document.

`docs/json.md` says what the fields mean. Fields that stand here with a default may be absent: of a
run that was not captured, or not imported.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import BaseModel, Field

from afield.hub.api.shapes import MetricShape, Scalar


class NoteShape(BaseModel):
    """A note on a run."""

    at: datetime
    by: str
    text: str


class SavedShape(BaseModel):
    """A file that the run saved."""

    path: str
    object: str
    size_bytes: int


class VerdictShape(BaseModel):
    """How a repetition came out."""

    run: str
    verdict: str
    cause: str | None
    at: datetime


class StabilityPart(BaseModel):
    """How often one result came out otherwise."""

    part: str
    name: str
    differed: int
    close: int
    of: int
    detail: str | None
    stable: bool


class StabilityShape(BaseModel):
    """What repetitions where it was recorded showed."""

    run: str
    runs: list[str]
    verdicts: list[str]
    parts: list[StabilityPart]


class GitShape(BaseModel):
    """Where the code stood in git."""

    commit: str | None
    branch: str | None
    remote: str | None
    dirty: bool


class NotKeptShape(BaseModel):
    """A file whose bytes are not in the record, and why."""

    path: str
    size_bytes: int
    why: str


class CodeShape(BaseModel):
    """The tree of code."""

    tree: str
    files: int
    size_bytes: int
    not_kept: list[NotKeptShape]


class PatchShape(BaseModel):
    """An installed file that is not as its distribution says."""

    path: str
    how: str = "changed"
    digest: str | None = None


class DistributionShape(BaseModel):
    """An installed distribution."""

    name: str
    version: str
    origin: str
    identity: str | None
    checked: bool
    patched: list[PatchShape]


class CondaShape(BaseModel):
    """A package of conda."""

    name: str
    version: str
    build: str


class EnvironmentShape(BaseModel):
    """The Python that the command ran in."""

    python: str
    implementation: str
    executable: str
    platform: str
    identity: str
    distributions: list[DistributionShape]
    conda: list[CondaShape]


class FolderShape(BaseModel):
    """How a folder was recorded as one."""

    files: int
    looked: int
    by: str


class FileRecordShape(BaseModel):
    """A file that the run read or wrote."""

    path: str
    digest: str | None
    size_bytes: int
    seen_by: str
    kept: bool
    where: str | None
    changed: bool
    note: str | None
    folder: FolderShape | None


class NotebookShape(BaseModel):
    """The notebook that the command was."""

    path: str
    kernel: str
    language: str
    cells: int
    text: str
    executed: str | None
    failed_cell: int | None
    by_hand: bool


class EntropyCallShape(BaseModel):
    """A place that took randomness without a seed."""

    source: str
    where: str
    times: int


class EntropyShape(BaseModel):
    """How randomness was fed."""

    mode: str
    calls: list[EntropyCallShape]


class HostShape(BaseModel):
    """The machine."""

    system: str
    release: str
    machine: str
    cpu: str
    cores: int
    memory_bytes: int
    gpus: list[str] = []
    libc: str | None = None


class ResourcesShape(BaseModel):
    """What the run used."""

    wall_s: float
    cpu_s: float
    memory_peak_bytes: int
    gpu_memory_peak_bytes: int | None = None


class ConsoleShape(BaseModel):
    """Where the console is kept."""

    object: str | None
    size_bytes: int


class RedactionShape(BaseModel):
    """A secret that was replaced."""

    where: str
    rule: str
    name: str


class CaptureShape(BaseModel):
    """How it was recorded."""

    layers: list[str]
    inputs_complete: bool
    warnings: list[str]
    notes: list[str]
    beside: list[str]


class PlaceShape(BaseModel):
    """Where in the code a failure arose."""

    file: str
    line: int
    function: str | None


class NamedRunShape(BaseModel):
    """Another run, by name."""

    run: str
    name: str
    user: str
    started: datetime | None
    notes: list[NoteShape] = []
    failed: str | None = None


class FailureShape(BaseModel):
    """Why a run failed, who had that before, and what helped."""

    fingerprint: str
    exception: str | None
    message: str | None
    where: PlaceShape | None
    text: str | None
    chain: list[dict[str, Any]]
    times_before: int
    before: list[NamedRunShape]
    solved_by: NamedRunShape | None


class DataReadShape(BaseModel):
    """A version of data that the run read."""

    label: str
    name: str
    version: int
    tree: str
    files: int
    newest: int
    newer: bool
    same_in_newest: bool | None
    asked: list[str]


class ImportedShape(BaseModel):
    """Where an imported run came from, and what was left there."""

    tool: str
    key: str | None
    about: dict[str, Any]
    left: list[dict[str, Any]]
    object: str


class SideShape(BaseModel):
    """What one person set."""

    value: Any
    by: str
    member: str
    at: datetime


class DisagreementShape(BaseModel):
    """What two people changed apart; what stands comes first."""

    about: str
    field: str
    sides: list[SideShape]


class LoggedDataShape(BaseModel):
    """A data set that the code said it read."""

    name: str
    digest: str
    context: str | None


class LoggedModelShape(BaseModel):
    """A model that the code logged."""

    id: str
    name: str | None
    model_type: str | None
    status: str | None
    files: int
    size_bytes: int


class LoggedShape(BaseModel):
    """What the code said of itself through MLflow's protocol."""

    data: list[LoggedDataShape]
    models: list[LoggedModelShape]


class RunShape(BaseModel):
    """All that is known of a run: the document `afield.run/1`."""

    schema_: str = Field("afield.run/1", alias="schema")
    id: str
    name: str
    project: str
    experiment: str
    kind: str
    status: str
    exit_code: int | None
    signal: str | None = None
    started: datetime
    ended: datetime | None
    duration_s: float | None
    host_name: str | None
    by: str
    parent: str | None
    reproduces: str | None
    deleted: bool
    params: dict[str, Scalar]
    metrics: dict[str, MetricShape]
    tags: dict[str, str]
    summary: dict[str, Scalar]
    notes: list[NoteShape]
    saved: list[SavedShape]
    reproductions: list[VerdictShape]
    stability: StabilityShape | None
    argv: list[str]
    folder: str | None = None
    root: str | None = None
    git: GitShape | None
    code: CodeShape | None = None
    environment: EnvironmentShape | None
    inputs: list[FileRecordShape]
    outputs: list[FileRecordShape]
    notebook: NotebookShape | None = None
    entropy: EntropyShape | None = None
    variables: dict[str, str] = {}
    threads: dict[str, str] = {}
    network: list[str] = []
    host: HostShape | None = None
    resources: ResourcesShape | None = None
    console: ConsoleShape | None = None
    redactions: list[RedactionShape] = []
    capture: CaptureShape
    blockers: list[str]
    failure: FailureShape | None
    datasets: list[dict[str, Any]]
    data: list[DataReadShape]
    logged: LoggedShape
    disagreements: list[DisagreementShape]
    imported: ImportedShape | None
