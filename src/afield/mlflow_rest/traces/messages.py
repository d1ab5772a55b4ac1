"""The messages of traces: what clients send. Answers are plain mappings, made in `infos`.

Mappings hold names of people's, which are kept as they stand (`AsSent`).
"""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from afield.mlflow_rest.decode import AsSent
from afield.mlflow_rest.messages import Int32, Int64


class InExperiment(Struct):
    """An experiment as a place of traces."""

    experiment_id: str | None = None


class Location(Struct):
    """Where traces are."""

    type: str | int | None = None
    mlflow_experiment: InExperiment | None = None


class Source(Struct):
    """Who found something."""

    source_type: str | int | None = None
    source_id: str | None = None


class FindingError(Struct, omit_defaults=True):
    """Why nothing was found."""

    error_code: str | None = None
    error_message: str | None = None
    stack_trace: str | None = None


class Feedback(Struct, omit_defaults=True):
    """How good something is."""

    value: Any = None
    error: FindingError | None = None


class Serialized(Struct):
    """A value as text."""

    serialization_format: str | None = None
    value: str | None = None


class Expectation(Struct, omit_defaults=True):
    """What should have been."""

    value: Any = None
    serialized_value: Serialized | None = None


class Issue(Struct, omit_defaults=True):
    """What is wrong."""

    issue_name: str | None = None


class Assessment(Struct, omit_defaults=True):
    """What somebody found of a trace; also the document that is kept of it."""

    assessment_id: str | None = None
    assessment_name: str | None = None
    trace_id: str | None = None
    span_id: str | None = None
    source: Source | None = None
    create_time: str | None = None
    last_update_time: str | None = None
    feedback: Feedback | None = None
    expectation: Expectation | None = None
    issue: Issue | None = None
    rationale: str | None = None
    error: FindingError | None = None
    metadata: dict[str, str] = {}
    overrides: str | None = None
    valid: bool | None = None


class Info(Struct):
    """A trace as a whole."""

    trace_id: str | None = None
    client_request_id: str | None = None
    trace_location: Location | None = None
    request_preview: str | None = None
    response_preview: str | None = None
    request_time: str | None = None
    execution_duration: str | None = None
    state: str | int | None = None
    trace_metadata: dict[str, str] = {}
    tags: dict[str, str] = {}
    assessments: list[Assessment] = []


class Whole(Struct):
    """A trace; its spans come another way."""

    trace_info: Info | None = None


class Start(AsSent):
    """Tell of a trace."""

    trace: Whole | None = None


class Ref(AsSent):
    """A trace, which the path names."""


class Get(AsSent):
    """A trace with its spans."""

    trace_id: str | None = None
    allow_partial: bool | None = None


class Ids(AsSent):
    """Several traces."""

    trace_ids: list[str] | None = None


class Search(AsSent):
    """Find traces."""

    locations: list[Location] | None = None
    filter: str | None = None
    max_results: Int32 | None = None
    order_by: list[str] | None = None
    page_token: str | None = None


class Correlate(AsSent):
    """Ask how much two filters go together."""

    experiment_ids: list[str] | None = None
    filter_string1: str | None = None
    filter_string2: str | None = None
    base_filter: str | None = None


class Aggregation(Struct):
    """How the numbers of a group become one."""

    aggregation_type: str | int | None = None
    percentile_value: float | None = None


class Measure(AsSent):
    """Ask for a metric of many traces."""

    experiment_ids: list[str] | None = None
    view_type: str | int | None = None
    metric_name: str | None = None
    aggregations: list[Aggregation] | None = None
    dimensions: list[str] | None = None
    filters: list[str] | None = None
    time_interval_seconds: Int64 | None = None
    start_time_ms: Int64 | None = None
    end_time_ms: Int64 | None = None
    max_results: Int32 | None = None
    page_token: str | None = None


class Delete(AsSent):
    """Delete traces, by id or by age."""

    experiment_id: str | None = None
    max_timestamp_millis: Int64 | None = None
    max_traces: Int32 | None = None
    request_ids: list[str] | None = None
    trace_ids: list[str] | None = None


class Tag(AsSent):
    """A tag."""

    key: str | None = None
    value: str | None = None


class ToRun(AsSent):
    """Link traces to a run."""

    trace_ids: list[str] | None = None
    run_id: str | None = None


class Prompt(Struct):
    """A version of a prompt."""

    name: str | None = None
    version: str | int | None = None


class ToPrompts(AsSent):
    """Link versions of prompts to a trace."""

    trace_id: str | None = None
    prompt_versions: list[Prompt] | None = None


class Assess(AsSent):
    """Say what was found."""

    assessment: Assessment | None = None


class Reassess(AsSent):
    """Say it anew; `update_mask` names the fields that count, between commas."""

    assessment: Assessment | None = None
    update_mask: str | None = None
