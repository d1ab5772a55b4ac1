"""The report of a reproduction: the verdict with its reasons, as people and programs read it.

Stored as an object of the vault, named by a `run.reproduced` entry about the original run.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from afield.kernel.ids import RunId
from afield.replay.causes import Cause
from afield.replay.compare import (
    Compared,
    ExitResult,
    MetricResult,
    OutputResult,
    StreamResult,
)
from afield.replay.gaps import Gap
from afield.replay.verdict import Grade, Verdict, run_verdict
from afield.runs import events
from afield.runs.record import Record

SCHEMA = "afield.reproduction/1"
UNJUDGED_MAX = 20
SYMPTOMS = frozenset(("console", "metric", "output", "exit"))
"""Kinds of cause that only say where a difference showed."""

EXIT_CODES = {"identical": 0, "equivalent": 0, "incomplete": 3, "diverged": 4}


class Bisection(msgspec.Struct, frozen=True):
    """What a trial with the recorded kernels and threads showed.

    `explains` is None when nothing was tried or the trial failed; `pinned` says what was set.
    """

    detail: str
    run: str | None = None
    verdict: Verdict | None = None
    explains: bool | None = None
    pinned: tuple[str, ...] = ()


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """How well a run was reproduced.

    `new_run` is None when the command could not be run at all; then nothing was compared.
    `reasons` says what kept the verdict from being better, and what was not looked at.
    """

    schema: str = SCHEMA
    run: str
    new_run: str | None
    verdict: Verdict
    cause: Cause | None = None
    reasons: tuple[str, ...] = ()
    outputs: tuple[OutputResult, ...] = ()
    metrics: tuple[MetricResult, ...] = ()
    console: StreamResult | None = None
    exit: ExitResult | None = None
    tolerance: float = 0.0
    tolerances: Mapping[str, float] = msgspec.field(default_factory=dict)
    environment: str | None = None
    folder: str | None = None
    bisection: Bisection | None = None

    @property
    def exit_code(self) -> int:
        """What `afield reproduce` exits with."""
        return EXIT_CODES[self.verdict]

    def to_json(self) -> bytes:
        """Return the report as JSON; NaN and the infinities stand as null there."""
        return msgspec.json.encode(self)


def decode_report(data: bytes) -> Report:
    """Parse a stored report.

    Raises:
        msgspec.ValidationError: the bytes are no report.
    """
    return msgspec.json.decode(data, type=Report)


def settle(compared: Compared, gaps: tuple[Gap, ...]) -> tuple[Verdict, tuple[str, ...]]:
    """Return the verdict and its reasons.

    When something is missing and the command ended otherwise than it did, that is no
    divergence of the result: the run could not be repeated, so it is `incomplete`.
    """
    real = [gap for gap in gaps if not gap.note]
    reasons = [gap.detail for gap in gaps]
    unlike_end = compared.exit.recorded != compared.exit.reproduced
    if compared.checked == 0:
        told = "the run left no outputs, metrics or console: only its end was compared"
        if compared.unjudged:
            told = "nothing of the results could be judged: all that differs are measured times"
        reasons.append(told)
        real.append(Gap("record", told))
    reasons += compared.unjudged[:UNJUDGED_MAX]
    if len(compared.unjudged) > UNJUDGED_MAX:
        more = len(compared.unjudged) - UNJUDGED_MAX
        reasons.append(f"{more} more results differ in times or the like, which are not judged")
    if unlike_end and any(gap.missing for gap in real):
        reasons.insert(0, "it could not be repeated as recorded: something is missing")
        return "incomplete", tuple(dict.fromkeys(reasons))
    verdict = run_verdict(compared.grades, gaps=bool(real))
    unchecked = sum(grade is Grade.UNCHECKED for grade in compared.grades)
    if unchecked:
        reasons.append(f"{unchecked} of the results could not be compared")
    return verdict, tuple(dict.fromkeys(reasons))


def store_report(record: Record, original: RunId, report: Report) -> None:
    """Keep a report and tell the original run of it, durably and signed.

    Raises:
        OSError: the workspace cannot be written.
    """
    assert report.new_run is not None
    found = record.vault.put(report.to_json(), meta=True)
    record.vault.flush()
    draft = events.reproduced(
        original,
        run=RunId(report.new_run),
        verdict=report.verdict,
        report=found,
        cause_kind=report.cause.kind if report.cause else None,
    )
    record.journal.append(draft.kind, draft.about, draft.body, draft.refs, durable=True)
    record.journal.seal()
