"""Shapes of documents in the OpenAPI document; `docs/json.md` says what their fields mean.

Answers are encoded as they are made and not checked against these at run time: a test does that.
"""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel

Scalar = str | int | float | bool | None


class MetricShape(BaseModel):
    """A metric without its points."""

    last: float | None
    min: float | None
    max: float | None
    mean: float | None
    count: int


class RunRow(BaseModel):
    """A run as lists show it."""

    id: str
    name: str
    project: str
    experiment: str
    status: str
    exit_code: int | None
    started: datetime
    ended: datetime | None
    duration_s: float | None
    user: str
    host: str | None
    branch: str | None
    commit: str | None
    python: str | None
    params: dict[str, Scalar]
    metrics: dict[str, MetricShape]
    tags: dict[str, str]
    reproduces: str | None
    verdict: str | None
    failure: str | None
    exception: str | None
    deleted: bool
