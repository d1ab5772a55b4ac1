"""The facts that this room writes to the journal: one builder per kind, nothing else.

`about` is the run's id, except for `run.reproduced`, whose subject is the original run. Bodies
hold ids, numbers, enumerations and short texts; prose and long values stand in objects.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from afield.journal import Draft
from afield.kernel.ids import ObjectId, RunId
from afield.runs.limits import MEASURED_BYTES_MAX

if TYPE_CHECKING:
    from afield.runs.failure import Kept
    from afield.runs.series.seal import Latest, Summary

STARTED = "run.started"
PARAMS = "run.params"
TAGGED = "run.tagged"
NAMED = "run.named"
CAPTURED = "run.captured"
MEASURED = "run.measured"
ENDED = "run.ended"
SAVED = "run.saved"
SUMMARY = "run.summary"
NOTED = "run.noted"
DELETED = "run.deleted"
REPRODUCED = "run.reproduced"
IMPORTED = "run.imported"
REOPENED = "run.reopened"

EVENTS = (
    *(STARTED, PARAMS, TAGGED, NAMED, CAPTURED, MEASURED, ENDED),
    *(SAVED, SUMMARY, NOTED, DELETED, REPRODUCED, IMPORTED, REOPENED),
)

RUNNING = "running"
SCHEDULED = "scheduled"
STATUSES = ("finished", "failed", "killed", "interrupted")
"""How a run can have ended; one without an end is `running`."""

Scalar = str | int | float | bool | None
_METRIC_BYTES = 240
"""What a summary takes as JSON beside its name, at most: eight numbers of up to 24 digits."""


def started(
    run: RunId,
    *,
    project: str,
    experiment: str,
    name: str,
    kind: str,
    pid: int,
    host: ObjectId,
    started_ms: int,
    parent: RunId | None = None,
    reproduces: RunId | None = None,
    logged_by: str | None = None,
) -> Draft:
    """Say that a run began; `host` holds its machine's name.

    `kind` is `command`, `python`, `served` where a client logs to a server of ours, or `imported`
    where another tool recorded it. `logged_by` is who its client says that it is.
    """
    body: dict[str, Any] = {
        "project": project,
        "experiment": experiment,
        "name": name,
        "kind": kind,
        "pid": pid,
        "started_ms": started_ms,
    }
    if parent is not None:
        body["parent"] = parent
    if reproduces is not None:
        body["reproduces"] = reproduces
    if logged_by is not None:
        body["logged_by"] = logged_by
    return Draft(STARTED, run, body, (host,))


def params(run: RunId, values: Mapping[str, Scalar], refs: Sequence[ObjectId] = ()) -> Draft:
    """Set params; `refs` are the objects of long ones, shown as `object:<id>`."""
    return Draft(PARAMS, run, {"params": dict(values)}, tuple(refs))


def tagged(run: RunId, values: Mapping[str, str], unset: Sequence[str] = ()) -> Draft:
    """Set and unset tags."""
    return Draft(TAGGED, run, {"set": dict(values), "unset": list(unset)})


def named(
    run: RunId,
    name: str | None = None,
    *,
    project: str | None = None,
    experiment: str | None = None,
) -> Draft:
    """Give a run another name, project or experiment; None leaves what it has."""
    given = {"name": name, "project": project, "experiment": experiment}
    return Draft(NAMED, run, {key: value for key, value in given.items() if value is not None})


def captured(
    run: RunId, facts: Mapping[str, Any], manifest: ObjectId, failure: Kept | None = None
) -> Draft:
    """Name a captured run's manifest, those of its facts that lists need, and why it failed."""
    body: dict[str, Any] = {"facts": dict(facts)}
    if failure is None:
        return Draft(CAPTURED, run, body, (manifest,))
    body["failure"] = _failure(failure)
    return Draft(CAPTURED, run, body, (manifest, failure.object))


def measured(run: RunId, summaries: Mapping[str, Summary]) -> Iterator[Draft]:
    """Tell the summaries of metrics, in as many entries as they need."""
    for chunk in _chunks(summaries):
        yield Draft(MEASURED, run, {"metrics": chunk})


def ended(
    run: RunId,
    *,
    status: str,
    exit_code: int | None,
    signal: str | None,
    ended_ms: int | None,
    summaries: Mapping[str, Summary],
    series: Mapping[str, str] | None,
    failure: Kept | None = None,
) -> list[Draft]:
    """Say how a run ended, with its metrics; `series` is `{"inline": base64}` or `{"object": id}`.

    Summaries that are too many for one entry come before, as `run.measured`.
    """
    assert status in STATUSES, status
    body: dict[str, Any] = {"status": status, "exit_code": exit_code, "ended_ms": ended_ms}
    if signal is not None:
        body["signal"] = signal
    chunks = list(_chunks(summaries))
    body["metrics"] = chunks.pop() if chunks else {}
    refs: tuple[ObjectId, ...] = ()
    if series is not None:
        body["series"] = dict(series)
        refs = (ObjectId(series["object"]),) if "object" in series else ()
    if failure is not None:
        body["failure"] = _failure(failure)
        refs = (*refs, failure.object)
    before = [Draft(MEASURED, run, {"metrics": chunk}) for chunk in chunks]
    return [*before, Draft(ENDED, run, body, refs)]


def saved(run: RunId, path: str, found: ObjectId, size_bytes: int) -> Draft:
    """Name a file that the run keeps."""
    body = {"path": path, "object": found, "size_bytes": size_bytes}
    return Draft(SAVED, run, body, (found,))


def unsaved(run: RunId, path: str) -> Draft:
    """Say that a run no longer keeps a file."""
    return Draft(SAVED, run, {"path": path, "object": None, "size_bytes": None})


def reopened(run: RunId, *, scheduled: bool = False, ended_ms: int | None = None) -> Draft:
    """Say that a run that had ended goes on, or waits to; `ended_ms` is what a client keeps."""
    body: dict[str, Any] = {"status": SCHEDULED if scheduled else RUNNING}
    if ended_ms is not None:
        body["ended_ms"] = ended_ms
    return Draft(REOPENED, run, body)


def summary(run: RunId, values: Mapping[str, Scalar], refs: Sequence[ObjectId] = ()) -> Draft:
    """Set values that describe the whole run and are not a metric."""
    return Draft(SUMMARY, run, {"values": dict(values)}, tuple(refs))


def noted(run: RunId, text: ObjectId) -> Draft:
    """Add a note; its words are the object's."""
    return Draft(NOTED, run, {}, (text,))


def deleted(run: RunId, *, gone: bool) -> Draft:
    """Hide a run from lists, or bring it back."""
    return Draft(DELETED, run, {"deleted": gone})


def reproduced(
    original: RunId,
    *,
    run: RunId,
    verdict: str,
    report: ObjectId,
    cause_kind: str | None = None,
) -> Draft:
    """Tell the original how its reproduction `run` turned out."""
    body = {"run": run, "verdict": verdict}
    if cause_kind is not None:
        body["cause_kind"] = cause_kind
    return Draft(REPRODUCED, original, body, (report,))


def imported(run: RunId, *, tool: str, mark: str, document: ObjectId) -> Draft:
    """Say that a run came from another tool, and that all of it stands before this entry.

    `mark` tells by a glance at the source whether there is more by now; `document` is JSON: what
    the source said last, and what no other entry has a place for.
    """
    return Draft(IMPORTED, run, {"tool": tool, "mark": mark}, (document,))


def _failure(found: Kept) -> dict[str, str]:
    """Return the fingerprint and the exception's name; the words stand in the object."""
    return {
        "fingerprint": found.fingerprint,
        "exception": found.exception,
        "object": found.object,
    }


def to_json_number(value: float) -> float | str:
    """Return a number as JSON has it; NaN and the infinities, which it has not, as text."""
    if math.isfinite(value):
        return value
    return "nan" if math.isnan(value) else "inf" if value > 0 else "-inf"


def _latest(found: Latest) -> dict[str, float | str]:
    value = to_json_number(found.value)
    return {"latest": value, "step": found.step, "time_ms": found.time_ms}


def _chunks(summaries: Mapping[str, Summary]) -> Iterator[dict[str, dict[str, float | str]]]:
    chunk: dict[str, dict[str, float | str]] = {}
    room_bytes = MEASURED_BYTES_MAX
    for name, found in summaries.items():
        cost_bytes = len(name) * 6 + _METRIC_BYTES
        if chunk and cost_bytes > room_bytes:
            yield chunk
            chunk, room_bytes = {}, MEASURED_BYTES_MAX
        room_bytes -= cost_bytes
        chunk[name] = {
            "last": to_json_number(found.last),
            "min": to_json_number(found.min),
            "max": to_json_number(found.max),
            "mean": to_json_number(found.mean),
            "count": found.count,
        }
        if found.latest is not None:
            chunk[name] |= _latest(found.latest)
    if chunk:
        yield chunk
