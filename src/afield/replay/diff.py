"""`compare_runs`: the evidence of how any two runs differ, and the first cause of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from afield.kernel.ids import RunId
from afield.replay.canonical import Look, judge
from afield.replay.causes import (
    Cause,
    Side,
    changed_inputs,
    changed_versions,
    cut,
    first_cause,
    machine_changes,
    recorded_variables,
)
from afield.replay.compare import (
    ExitResult,
    MetricResult,
    OutputResult,
    Pair,
    StreamResult,
    compare_runs_content,
)
from afield.replay.environment_diff import Change, EnvironmentDiff, diff_environments
from afield.replay.reader import RunReader
from afield.replay.sides import look_masks, object_difference, read_side
from afield.runs.manifest import Capture, Manifest
from afield.runs.record import Record

SCHEMA = "afield.compare/1"
DIFF_LINES_MAX = 2000


class CodeDiff(msgspec.Struct, frozen=True):
    """How the code trees differ; `diff` is a unified diff of text files, cut when long."""

    changed: tuple[str, ...] = ()
    only_a: tuple[str, ...] = ()
    only_b: tuple[str, ...] = ()
    commits: tuple[str | None, str | None] = (None, None)
    diff: tuple[str, ...] = ()


class InputDiff(msgspec.Struct, frozen=True):
    """An input that both read with other bytes; `where` is the first line that read it."""

    path: str
    a: str | None
    b: str | None
    where: str | None
    diff: tuple[str, ...] = ()


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """How two runs differ. `captured` tells for each whether it has a manifest."""

    schema: str = SCHEMA
    a: str
    b: str
    captured: tuple[bool, bool]
    cause: Cause | None
    code: CodeDiff
    environment: EnvironmentDiff
    inputs: tuple[InputDiff, ...]
    inputs_only_a: tuple[str, ...]
    inputs_only_b: tuple[str, ...]
    datasets: tuple[Change, ...]
    arguments: Change | None
    variables: tuple[Change, ...]
    params: tuple[Change, ...]
    machine: tuple[str, ...]
    metrics: tuple[MetricResult, ...]
    outputs: tuple[OutputResult, ...]
    console: StreamResult | None
    exit: ExitResult


def compare_runs(
    record: Record,
    runs: RunReader,
    a: RunId,
    b: RunId,
    *,
    tolerance: float = 1e-6,
    tolerances: Mapping[str, float] | None = None,
) -> Comparison:
    """Compare two runs by what they were made of and what they brought about.

    A run that was not captured is compared by its params and metrics. `tolerance` is the
    largest relative difference of numbers, `tolerances` that of single metrics by name.

    Raises:
        NotFound: there is no such run.
        Damaged: the record of one does not hold.
    """
    manifests = [runs.manifest(run) for run in (a, b)]
    before, after = (one or _nothing() for one in manifests)
    views = runs.run(a), runs.run(b)
    look = Look(
        judge=judge,
        tolerance=tolerance,
        old=look_masks(before, views[0]),
        new=look_masks(after, views[1], renamed=((b, a), (views[1].name, views[0].name))),
    )
    old = read_side(before, record.vault, look.old, views[0].params)
    new = read_side(after, record.vault, look.new, views[1].params)
    compared = compare_runs_content(
        Pair(a, b, before, after),
        vault=record.vault,
        runs=runs,
        look=look,
        tolerances=tolerances,
    )
    show = object_difference(record.vault)
    here, there = _paths(old), _paths(new)
    return Comparison(
        a=a,
        b=b,
        captured=(manifests[0] is not None, manifests[1] is not None),
        cause=first_cause(old, new, symptoms=compared.symptoms, show=show),
        code=_code(old, new, show),
        environment=diff_environments(before.environment, after.environment),
        inputs=_inputs(old, new, show),
        inputs_only_a=tuple(path for path in here if path not in there),
        inputs_only_b=tuple(path for path in there if path not in here),
        datasets=tuple(Change(*one) for one in changed_versions(before, after)),
        arguments=None if before.argv == after.argv else Change("argv", before.argv, after.argv),
        variables=_changes(recorded_variables(old), recorded_variables(new)),
        params=_changes(old.params, new.params),
        machine=cut(machine_changes(before, after)),
        metrics=compared.metrics,
        outputs=compared.outputs,
        console=compared.console if all(manifests) else None,
        exit=compared.exit,
    )


def _nothing() -> Manifest:
    return Manifest(argv=(), cwd="", root="", exit_code=None, capture=Capture(layers=()))


def _paths(side: Side) -> dict[str, None]:
    return {side.masks.paths(one.path): None for one in side.manifest.inputs}


def _inputs(old: Side, new: Side, show: Any) -> tuple[InputDiff, ...]:
    return tuple(
        InputDiff(
            one.path,
            one.digest,
            other.digest,
            one.where,
            tuple(show(one.path, one.digest, other.digest)) if one.digest and other.digest else (),
        )
        for one, other in changed_inputs(old, new)
    )


def _code(old: Side, new: Side, show: Any) -> CodeDiff:
    made = {one.path for side in (old, new) for one in side.manifest.outputs}
    both = [path for path in sorted(old.tree) if path in new.tree]
    changed = [path for path in both if old.tree[path] != new.tree[path] and path not in made]
    lines: list[str] = []
    for path in changed:
        if len(lines) > DIFF_LINES_MAX:
            lines.append("…")
            break
        lines += show(path, old.tree[path][1], new.tree[path][1])
    return CodeDiff(
        changed=tuple(changed),
        only_a=tuple(
            path for path in sorted(old.tree) if path not in new.tree and path not in made
        ),
        only_b=tuple(
            path for path in sorted(new.tree) if path not in old.tree and path not in made
        ),
        commits=(_commit(old.manifest), _commit(new.manifest)),
        diff=tuple(lines),
    )


def _commit(manifest: Manifest) -> str | None:
    return manifest.git.commit if manifest.git else None


def _changes(old: Mapping[str, Any], new: Mapping[str, Any]) -> tuple[Change, ...]:
    names = sorted(old.keys() | new.keys())
    return tuple(
        Change(name, old.get(name), new.get(name))
        for name in names
        if old.get(name) != new.get(name)
    )
