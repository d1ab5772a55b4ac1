"""Comparing two runs: exit state, outputs, metrics and console, each with its grade.

Works on two recorded runs, whoever made them; a reproduction is one of the two. Causes are
looked for in `cause`, and the verdict of the whole is put together in `report`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from afield.kernel.errors import AfieldError
from afield.kernel.ids import ObjectId, RunId
from afield.replay.canonical import Look, judge
from afield.replay.canonical.plain import compare_console
from afield.replay.causes import Cause
from afield.replay.kinds import judge_links, with_mode
from afield.replay.limits import FOLDER_OUTPUTS_MAX, LOOK_BYTES_MAX, SERIES_POINTS_MAX
from afield.replay.masks import is_cache
from afield.replay.reader import MetricFacts, RunReader
from afield.replay.text import close_value, same_value
from afield.replay.timing import is_duration_name
from afield.replay.verdict import Grade, Judged
from afield.runs.capture.console import split
from afield.runs.manifest import EXECUTED, FileRecord, Manifest
from afield.vault import ObjectMissing, Vault

STREAMS = ("stdout", "stderr")
NAMED_MAX = 5
_BY_HAND = "what cells put out that are executed by hand is not in the record"
SUMMARIES = ("count", "last", "min", "max", "mean")


class OutputResult(msgspec.Struct, frozen=True):
    """How one file came out; `verdict` is the grade in words."""

    path: str
    verdict: str
    canonicaliser: str
    detail: str | None = None


class MetricResult(msgspec.Struct, frozen=True):
    """How one metric came out: the last values of both runs, and the grade in words."""

    name: str
    recorded: float | None
    reproduced: float | None
    verdict: str
    detail: str | None = None


class StreamResult(msgspec.Struct, frozen=True):
    """How the console came out, the worse of its two streams."""

    verdict: str
    detail: str | None = None


class ExitResult(msgspec.Struct, frozen=True):
    """How the two runs ended; a signal counts as its name."""

    recorded: int | str | None
    reproduced: int | str | None
    verdict: str


@dataclass(frozen=True, slots=True)
class Compared:
    """What a comparison found.

    `grades` holds every grade that counts. `symptoms` tells where differences showed, in the
    order console, metrics, files, exit. `checked` counts the results that were judged at all,
    `unjudged` tells of those that differ and were not.
    """

    outputs: tuple[OutputResult, ...]
    metrics: tuple[MetricResult, ...]
    console: StreamResult
    exit: ExitResult
    grades: tuple[Grade, ...]
    symptoms: tuple[Cause, ...]
    checked: int
    unjudged: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Pair:
    """Two runs that are compared.

    Args:
        old: the recorded run's id.
        new: the other's.
        before: the recorded manifest.
        after: the other's.
    """

    old: RunId
    new: RunId
    before: Manifest
    after: Manifest


def compare_runs_content(
    pair: Pair,
    *,
    vault: Vault,
    runs: RunReader,
    look: Look,
    tolerances: Mapping[str, float] | None = None,
) -> Compared:
    """Compare what two runs brought about.

    Args:
        pair: the runs.
        vault: holds outputs and consoles.
        runs: where metrics are read.
        look: masks and tolerance.
        tolerances: relative tolerance of single metrics.
    """
    outputs, left_out = _outputs(pair, vault, look)
    metrics = _metrics(pair, runs, look.tolerance, tolerances or {})
    console = _console(pair, vault, look)
    ended, exit_grade = _exit(pair)
    grades = [exit_grade]
    grades += [one.grade for _, one in outputs]
    grades += [grade for _, grade in metrics if grade is not None]
    grades += [one.grade for one in console.values()]
    judged = [*(one for _, one in outputs), *console.values()]
    return Compared(
        outputs=tuple(_told(path, one) for path, one in outputs),
        metrics=tuple(result for result, _ in metrics),
        console=_stream(console),
        exit=ended,
        grades=tuple(grades),
        symptoms=tuple(_symptoms(console, metrics, outputs, ended, exit_grade)),
        checked=sum(not one.hollow for one in judged)
        + sum(grade is not None for _, grade in metrics),
        unjudged=tuple(_unjudged(console, metrics, outputs, left_out)),
    )


def _told(path: str, one: Judged) -> OutputResult:
    return OutputResult(path, one.grade.words, one.canonicaliser, one.detail)


def _outputs(
    pair: Pair, vault: Vault, look: Look
) -> tuple[list[tuple[str, Judged]], tuple[str, ...]]:
    """Return the grade of each output, and in words those that differ and are nobody's result."""
    found: list[tuple[str, Judged]] = []
    caches: list[str] = []
    foreign: list[str] = []
    pairs = list(_pairs(pair, look))
    if len(pairs) > FOLDER_OUTPUTS_MAX:
        told = f"{len(pairs) - FOLDER_OUTPUTS_MAX} outputs beyond the first {FOLDER_OUTPUTS_MAX}"
        found.append((told, Judged(Grade.UNCHECKED, detail="too many to compare")))
    for one, other in pairs[:FOLDER_OUTPUTS_MAX]:
        path = one.path if one else other.path if other else ""
        if (one is None and _by_others(other, pair.after)) or (
            other is None and _by_others(one, pair.before)
        ):
            foreign.append(path)
            continue
        if one and other:
            judged = with_mode(_file(pair, one, other, vault, look), one, other)
        elif one:
            judged = Judged(Grade.MISSING, detail="the other run did not write it")
        elif other and _is_by_hand(pair.before) and other.note == EXECUTED:
            judged = Judged(Grade.UNCHECKED, detail=_BY_HAND)
        else:
            judged = Judged(Grade.DIVERGED, detail="only the other run wrote it")
        if judged.grade is not Grade.BYTES and _is_foreign_cache(path):
            caches.append(path)
        else:
            found.append((path, judged))
    words = [f"left out, as caches outside the project: {_some(caches)}"] if caches else []
    if foreign:
        words.append(f"left out, as changed meanwhile by other programs: {_some(foreign)}")
    return found, tuple(words)


def _by_others(one: FileRecord | None, manifest: Manifest) -> bool:
    """Tell whether a changed file is that of another program, such as a run beside this one.

    It was found changed, and nothing of the run opened it though every open was seen.
    """
    if one is None or not manifest.capture.inputs_complete:
        return False
    return one.seen_by == "tree" and one.note is None


def _pairs(pair: Pair, look: Look) -> Iterator[tuple[FileRecord | None, FileRecord | None]]:
    """Yield the outputs in pairs by their place; temporary names only stand for one another."""
    old = _by_place(pair.before.outputs, look.old.paths)
    new = _by_place(pair.after.outputs, look.new.paths)
    alone: list[FileRecord] = []
    for place, ours in old.items():
        theirs = new.get(place, [])
        for same in (_path, _digest, _anything):
            yield from _taken(ours, theirs, same)
        for one in ours:
            yield one, None
        alone += theirs
    for place, theirs in new.items():
        if place not in old:
            alone += theirs
    for other in alone:
        yield None, other


def _by_place(
    outputs: Sequence[FileRecord], place: Callable[[str], str]
) -> dict[str, list[FileRecord]]:
    found: dict[str, list[FileRecord]] = {}
    for one in sorted(outputs, key=_first_written):
        found.setdefault(place(one.path), []).append(one)
    return found


def _taken(
    ours: list[FileRecord],
    theirs: list[FileRecord],
    same: Callable[[FileRecord], str | None],
) -> list[tuple[FileRecord, FileRecord]]:
    """Take the pairs out of both lists that agree in something which is not None."""
    waiting: dict[str, list[FileRecord]] = {}
    for other in theirs:
        waiting.setdefault(same(other) or "", []).append(other)
    found = []
    for one in list(ours):
        key = same(one)
        if key is not None and waiting.get(key):
            other = waiting[key].pop(0)
            found.append((one, other))
    gone = {id(record) for both in found for record in both}
    ours[:] = [one for one in ours if id(one) not in gone]
    theirs[:] = [other for other in theirs if id(other) not in gone]
    return found


def _path(one: FileRecord) -> str | None:
    return one.path


def _digest(one: FileRecord) -> str | None:
    return one.digest


def _anything(_: FileRecord) -> str | None:
    return ""


def _first_written(one: FileRecord) -> tuple[str, int, str]:
    return (one.where or "", one.size_bytes, one.path)


def _is_foreign_cache(path: str) -> bool:
    """Tell whether a path, absolute because it is outside the project, is that of a cache."""
    return is_cache(path) and (path.startswith("/") or path[1:2] == ":" or path[:1] == "\\")


def _unjudged(
    console: Mapping[str, Judged],
    metrics: Sequence[tuple[MetricResult, Grade | None]],
    outputs: Sequence[tuple[str, Judged]],
    left_out: Sequence[str],
) -> Iterator[str]:
    """Yield in words what differs and was not judged."""
    for name, one in (*console.items(), *outputs):
        yield from (f"{name}: {told}" for told in one.unjudged)
    names = [result.name for result, grade in metrics if grade is None]
    if names:
        yield f"metrics not judged, as measured times or rates: {_some(names)}"
    yield from left_out


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - NAMED_MAX} more" if len(names) > NAMED_MAX else ""
    return ", ".join(names[:NAMED_MAX]) + more


def _file(pair: Pair, one: FileRecord, other: FileRecord, vault: Vault, look: Look) -> Judged:
    if one.digest is None or other.digest is None:
        side = "recorded" if one.digest is None else "reproduced"
        return Judged(Grade.UNCHECKED, detail=f"the {side} file has no digest in the record")
    if (links := judge_links(one, other, vault, look)) is not None:
        return links
    if one.digest == other.digest:
        return Judged(Grade.BYTES)
    if max(one.size_bytes, other.size_bytes) > LOOK_BYTES_MAX:
        return Judged(Grade.DIVERGED, detail=f"bytes differ; over {LOOK_BYTES_MAX >> 20} MB")
    try:
        old, new = vault.get(ObjectId(one.digest)), vault.get(ObjectId(other.digest))
    except AfieldError as fault:
        told = fault.message
        if isinstance(fault, ObjectMissing):
            told = _not_here(pair.new if vault.has(ObjectId(one.digest)) else pair.old)
        return Judged(Grade.DIVERGED, detail=f"bytes differ; not looked into: {told}")
    return judge(one.path, old, new, look)


def _not_here(run: RunId) -> str:
    return f"the bytes are not here (afield fetch {run})"


def _exit(pair: Pair) -> tuple[ExitResult, Grade]:
    old = pair.before.signal or pair.before.exit_code
    new = pair.after.signal or pair.after.exit_code
    grade = Grade.BYTES if old == new else Grade.DIVERGED
    return ExitResult(old, new, "identical" if old == new else grade.words), grade


def _console(pair: Pair, vault: Vault, look: Look) -> dict[str, Judged]:
    """Return the grade of each stream that had anything to say on either side."""
    if pair.before.console is None and pair.before.console_bytes:
        return {"console": Judged(Grade.UNCHECKED, "console", "not kept in the record")}
    if _is_by_hand(pair.before) and not _is_by_hand(pair.after):
        return {"console": Judged(Grade.UNCHECKED, "console", _BY_HAND)}
    sides = []
    for run, manifest in ((pair.old, pair.before), (pair.new, pair.after)):
        try:
            data = vault.get(ObjectId(manifest.console)) if manifest.console else b""
        except ObjectMissing:
            return {"console": Judged(Grade.UNCHECKED, "console", _not_here(run))}
        except AfieldError as fault:
            return {"console": Judged(Grade.UNCHECKED, "console", fault.message)}
        sides.append([part.decode("utf-8", "surrogateescape") for part in split(data)])
    return {
        name: compare_console(old, new, look)
        for name, old, new in zip(STREAMS, *sides, strict=True)
        if old or new
    }


def _is_by_hand(manifest: Manifest) -> bool:
    """Tell whether a run was cells that a person executed, of which only the code is kept."""
    return manifest.notebook is not None and manifest.notebook.by_hand


def _stream(console: Mapping[str, Judged]) -> StreamResult:
    if not console:
        return StreamResult("identical bytes", "nothing was printed")
    name, bad = max(console.items(), key=lambda pair: pair[1].grade)
    detail = f"{name}, {bad.detail}" if bad.detail and bad.grade > Grade.CONTENT else bad.detail
    return StreamResult(bad.grade.words, detail)


def _metrics(
    pair: Pair, runs: RunReader, tolerance: float, tolerances: Mapping[str, float]
) -> list[tuple[MetricResult, Grade | None]]:
    old, new = runs.run(pair.old).metrics, runs.run(pair.new).metrics
    found: list[tuple[MetricResult, Grade | None]] = []
    grade: Grade
    detail: str | None
    budget = SERIES_POINTS_MAX
    for name in old:
        one, other = old[name], new.get(name)
        allowed = tolerances.get(name, tolerance)
        if other is None:
            grade, detail = Grade.MISSING, "the other run did not log it"
        else:
            grade, detail = _summaries(one, other, allowed)
            budget -= one.count
            if one.count == other.count and one.count > 1 and budget > 0:
                tables = (runs.series(pair.old, name), runs.series(pair.new, name))
                stepped = _series(*tables, allowed)
                grade, detail = max((grade, detail), stepped, key=lambda found: found[0])
                detail = stepped[1] or detail
        found.append(_metric(name, one, other, grade, detail))
    for name in new:
        if name not in old:
            detail = "only the other run logged it"
            found.append(_metric(name, None, new[name], Grade.DIVERGED, detail))
    return found


def _metric(
    name: str,
    one: MetricFacts | None,
    other: MetricFacts | None,
    grade: Grade,
    detail: str | None,
) -> tuple[MetricResult, Grade | None]:
    values = (one.last if one else None, other.last if other else None)
    measured = grade is not Grade.BYTES and is_duration_name(name)
    if measured and one and other and one.count == other.count:
        return MetricResult(name, *values, verdict="not judged", detail="a time or rate"), None
    return MetricResult(name, *values, verdict=grade.words, detail=detail), grade


def _summaries(one: MetricFacts, other: MetricFacts, tolerance: float) -> tuple[Grade, str | None]:
    grade, detail = Grade.BYTES, None
    for word in SUMMARIES:
        old, new = float(getattr(one, word)), float(getattr(other, word))
        if same_value(old, new):
            continue
        told = f"{word} {old:.17g} vs {new:.17g}"
        if word == "count" or not close_value(old, new, tolerance):
            return Grade.DIVERGED, told
        grade, detail = Grade.TOLERANCE, detail or told
    return grade, detail


def _series(old: Any, new: Any, tolerance: float) -> tuple[Grade, str | None]:
    """Compare two series point by point, in the order of logging; times are not looked at."""
    import numpy as np

    if old.num_rows != new.num_rows:
        return Grade.DIVERGED, f"{old.num_rows} vs {new.num_rows} points"
    steps, others = (np.asarray(side["step"]) for side in (old, new))
    if not np.array_equal(steps, others):
        at = int(np.argmax(steps != others))
        return Grade.DIVERGED, f"point {at + 1}: step {steps[at]} vs {others[at]}"
    left, right = (np.asarray(side["value"], dtype=np.float64) for side in (old, new))
    unlike = ~((left == right) | (np.isnan(left) & np.isnan(right)))
    if not unlike.any():
        return Grade.BYTES, None
    with np.errstate(all="ignore"):
        scale = np.maximum(np.abs(left), np.abs(right))
        finite = np.isfinite(left) & np.isfinite(right)
        far = unlike & ~(finite & (np.abs(left - right) <= tolerance * scale))
    where = far if far.any() else unlike
    at = int(np.argmax(where))
    told = f"step {steps[at]}: {left[at]:.17g} vs {right[at]:.17g}"
    more = f" ({int(where.sum())} of {where.size} points)" if where.sum() > 1 else ""
    return (Grade.DIVERGED if far.any() else Grade.TOLERANCE), told + more


def _symptoms(
    console: Mapping[str, Judged],
    metrics: Sequence[tuple[MetricResult, Grade | None]],
    outputs: Sequence[tuple[str, Judged]],
    ended: ExitResult,
    exit_grade: Grade,
) -> Iterator[Cause]:
    for least in (Grade.DIVERGED, Grade.TOLERANCE):
        for name, one in console.items():
            if one.grade >= least:
                yield Cause("console", f"{name}, {one.detail}")
        for result, grade in metrics:
            if grade is not None and grade >= least:
                yield Cause("metric", f"{result.name}: {result.detail}")
        for path, one in outputs:
            if one.grade >= least:
                yield Cause("output", f"{path}: {one.detail or one.grade.words}")
        if exit_grade >= least:
            yield Cause("exit", f"exit {ended.recorded} vs {ended.reproduced}")
