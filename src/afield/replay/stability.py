"""Which results of a run come out the same whenever it is repeated where it was recorded.

Derived from the reports of repetitions on the recording device that differed in nothing that
is recorded: what varied in them varies by itself (a clock, scheduling, an unseeded source
that nobody can replay), and says nothing against another machine. Nothing is stored here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from afield.kernel.errors import AfieldError
from afield.kernel.ids import ObjectId, RunId
from afield.replay.compare import Compared
from afield.replay.limits import EVIDENCE_LINES_MAX
from afield.replay.reader import RunReader
from afield.replay.report import SYMPTOMS, Report, decode_report
from afield.vault import Vault

SCHEMA = "afield.stability/1"
UNSTABLE = "unstable"
"""The kind of cause of a difference that the run also makes with itself."""

REPORTS_READ_MAX = 100
_OTHERWISE = frozenset(("diverged", "missing"))


class PartStability(msgspec.Struct, frozen=True):
    """How often one result came out otherwise: `part` is `exit`, `console`, `metric` or `output`.

    `name` is the metric or the path; `differed` counts repetitions, `close` those within the
    tolerance, `of` all; `detail` is the first difference that was seen.
    """

    part: str
    name: str
    differed: int = 0
    close: int = 0
    of: int = 0
    detail: str | None = None

    @property
    def stable(self) -> bool:
        """Whether it was the same each time."""
        return self.differed == self.close == 0

    @property
    def words(self) -> str:
        """How it is named to people."""
        return self.name or self.part


class Stability(msgspec.Struct, frozen=True, kw_only=True):
    """What the repetitions `runs` of a run, on the device that recorded it, showed."""

    schema: str = SCHEMA
    run: str
    runs: tuple[str, ...] = ()
    verdicts: tuple[str, ...] = ()
    parts: tuple[PartStability, ...] = ()

    def unstable(self) -> tuple[PartStability, ...]:
        """Return what varied."""
        return tuple(one for one in self.parts if not one.stable)


def stability(runs: RunReader, run: RunId, vault: Vault) -> Stability:
    """Return what is known of a run's stability; nothing when it was never repeated at home.

    Reports that were erased or are damaged are passed over.
    """
    original = runs.run(run)
    found: dict[tuple[str, str], PartStability] = {}
    kept: list[Report] = []
    for one in original.reproductions[-REPORTS_READ_MAX:]:
        try:
            report = decode_report(vault.get(ObjectId(one.report or "")))
            device = runs.run(one.run).device
        except (AfieldError, msgspec.ValidationError):
            continue
        if device == original.device and _says_something(report):
            kept.append(report)
            _count(found, report)
    return Stability(
        run=run,
        runs=tuple(report.new_run or "" for report in kept),
        verdicts=tuple(report.verdict for report in kept),
        parts=tuple(found.values()),
    )


def differing(report: Report | Compared) -> Iterator[tuple[str, str]]:
    """Yield (part, name) of each result that came out otherwise than within tolerance."""
    for part, name, verdict, _ in _parts(report):
        if verdict in _OTHERWISE:
            yield part, name


def explained(known: Stability, differ: Iterable[tuple[str, str]]) -> tuple[str, ...]:
    """Return in words how each of `differ` varied at home; empty unless all of them did."""
    unstable = {(one.part, one.name): one for one in known.parts if one.differed}
    told: list[str] = []
    for key in differ:
        if key not in unstable:
            return ()
        one = unstable[key]
        told.append(f"{one.words} varied in {one.differed} of {one.of} repetitions where recorded")
    return tuple(told[:EVIDENCE_LINES_MAX])


def _says_something(report: Report) -> bool:
    """Tell whether a report is of a repetition that differed in nothing that is recorded."""
    if report.cause is None:
        return report.verdict in {"identical", "incomplete"}
    return report.cause.kind in SYMPTOMS or report.cause.kind == UNSTABLE


def _parts(report: Report | Compared) -> Iterator[tuple[str, str, str, str | None]]:
    """Yield (part, name, verdict, detail) of each result that was compared."""
    if report.exit is not None:
        yield "exit", "", report.exit.verdict, None
    if report.console is not None:
        yield "console", "", report.console.verdict, report.console.detail
    for metric in report.metrics:
        yield "metric", metric.name, metric.verdict, metric.detail
    for output in report.outputs:
        yield "output", output.path, output.verdict, output.detail


def _count(found: dict[tuple[str, str], PartStability], report: Report) -> None:
    for part, name, verdict, detail in _parts(report):
        before = found.get((part, name), PartStability(part, name))
        differed, close = verdict in _OTHERWISE, verdict == "within tolerance"
        found[part, name] = PartStability(
            part,
            name,
            differed=before.differed + differed,
            close=before.close + close,
            of=before.of + 1,
            detail=before.detail or (detail if differed or close else None),
        )
