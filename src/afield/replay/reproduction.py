"""Repeating a run once: plan, prepare, rebuild, run again, compare, judge, record the verdict."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import msgspec

from afield.kernel.digest import digest
from afield.kernel.errors import AfieldError
from afield.kernel.ids import RunId
from afield.replay.canonical import Look, judge
from afield.replay.causes import Cause, first_cause
from afield.replay.compare import Compared, Pair, compare_runs_content
from afield.replay.environment import Built, rebuild
from afield.replay.errors import NoEnvironment, NotReproducible, Unrecorded
from afield.replay.execute import Place, command_line, execute, variables
from afield.replay.gaps import Gap
from afield.replay.handed import Handed, hand_over
from afield.replay.outside import refuse_overwriting, written_outside
from afield.replay.overlay import lay_over
from afield.replay.pickles import InsideJudge
from afield.replay.pictures import picture_writer
from afield.replay.plan import Plan, make_plan, was_watched
from afield.replay.prepare import Prepared, prepare
from afield.replay.reader import RunReader
from afield.replay.report import SYMPTOMS, Report, settle, store_report
from afield.replay.sides import look_masks, object_difference, read_side
from afield.replay.stability import UNSTABLE, differing, explained, stability
from afield.replay.stamps import named
from afield.replay.wish import Wish
from afield.runs.capture.errors import CommandNotExecutable, CommandNotFound
from afield.runs.capture.outcome import NO_TEXT
from afield.runs.manifest import IMPORTED, Manifest
from afield.runs.record import Record


def repeat(record: Record, runs: RunReader, run: RunId, wish: Wish) -> Report:
    """Run a recorded run again as wished; see `reproduce`."""
    manifest = runs.manifest(run)
    if manifest is None:
        raise NotReproducible(
            "cannot reproduce",
            run,
            "nothing was captured of it",
            hint="record it with `afield run`",
        )
    if foreign := [text for text in manifest.blockers if text.startswith(IMPORTED)]:
        raise NotReproducible("cannot reproduce", run, "; ".join(foreign))
    if lost := [text for text in manifest.blockers if text.endswith(NO_TEXT)]:
        raise NotReproducible("cannot reproduce", run, "; ".join(lost))
    handed = hand_over(manifest, wish.secrets, wish.tools.environ, run=run)
    plan = make_plan(manifest, vault=record.vault, run=run)
    if not wish.outside_writes:
        refuse_overwriting(plan, record.vault, run=run)
    with _folder(manifest, wish.keep) as (root, aside):
        wish.tools.progress(f"restoring {len(plan.tree)} file{'s' if len(plan.tree) != 1 else ''}")
        prepared = prepare(plan, vault=record.vault, root=root, environ=wish.tools.environ)
        gaps = (*plan.gaps, *prepared.gaps)
        try:
            built, overlay, more = _environment(record, manifest, wish, prepared, aside)
            ready = _Ready(plan, prepared, handed, built, overlay, (*gaps, *more))
            return _again(record, runs, run, wish, ready)
        except (NoEnvironment, CommandNotFound, CommandNotExecutable) as fault:
            return _impossible(run, fault, gaps, wish)


@dataclass(frozen=True, slots=True)
class _Ready:
    plan: Plan
    prepared: Prepared
    handed: Handed
    built: Built | None
    overlay: str | None
    gaps: tuple[Gap, ...]


def _again(record: Record, runs: RunReader, run: RunId, wish: Wish, ready: _Ready) -> Report:
    manifest, prepared, built = ready.plan.manifest, ready.prepared, ready.built
    original = runs.run(run)
    new_place = Place(prepared.root, built.prefix if built else "", built.python if built else "")
    environ = variables(
        manifest,
        new_place,
        environ={**wish.tools.environ, **ready.handed.variables},
        built=built,
        overlay=ready.overlay,
    )
    for name, value in wish.pins.items():
        environ.pop(name, None)
        if value is not None:
            environ[name] = value
    shown = command_line(manifest, new_place, here=wish.here)
    wish.tools.progress("running " + " ".join(shown))
    outcome = execute(
        record,
        manifest,
        original=run,
        project=original.project,
        experiment=original.experiment,
        argv=command_line(
            msgspec.structs.replace(manifest, argv=ready.handed.argv), new_place, here=wish.here
        ),
        argv_shown=shown,
        secrets=ready.handed.known,
        environ=environ,
        prepared=prepared,
        python=built.python if built else None,
        out=wish.out,
        err=wish.err,
        terminal=wish.terminal,
        beside=wish.beside if "mlflow" in manifest.capture.beside else None,
    )
    if outcome.manifest.signal == "SIGINT" != manifest.signal:
        raise KeyboardInterrupt  # a person stopped it: that says nothing about the result
    if not outcome.recorded:
        raise Unrecorded("cannot record the reproduction", run, "; ".join(outcome.faults))
    pair = Pair(run, outcome.run, manifest, outcome.manifest)
    return _judged(record, runs, pair, wish, ready, environ=environ)


def _judged(
    record: Record,
    runs: RunReader,
    pair: Pair,
    wish: Wish,
    ready: _Ready,
    *,
    environ: Mapping[str, str],
) -> Report:
    changes = ready.built.changes() if ready.built else ()
    wish.tools.progress("comparing")
    runs.refresh()
    look = _look(pair, runs, wish, ready, environ)
    compared = compare_runs_content(
        pair, vault=record.vault, runs=runs, look=look, tolerances=wish.tolerances
    )
    gaps = (*ready.gaps, *changes, *_unseen(pair.after))
    verdict, reasons = settle(compared, gaps)
    cause = None if verdict == "identical" else _cause(record, pair, look, gaps, compared)
    if verdict == "diverged" and cause is not None and cause.kind in SYMPTOMS:
        cause = _by_itself(record, runs, pair, cause, compared)
        reasons += _shell(pair.before, environ)
    report = Report(
        run=pair.old,
        new_run=pair.new,
        verdict=verdict,
        cause=cause,
        reasons=reasons,
        outputs=compared.outputs,
        metrics=compared.metrics,
        console=compared.console,
        exit=compared.exit,
        tolerance=wish.tolerance,
        tolerances=wish.tolerances,
        environment=ready.built.prefix if ready.built else None,
        folder=ready.prepared.root if wish.keep else None,
    )
    store_report(record, RunId(pair.old), report)
    return report


def _shell(manifest: Manifest, environ: Mapping[str, str]) -> tuple[str, ...]:
    """Say that variables which nobody recorded may be what differs."""
    told = "variables that the record does not list were taken from this shell and may differ"
    names = {one.name for one in manifest.redactions if one.where == "env"}
    unset = ", ".join(sorted(names - environ.keys()))
    return (f"{told} (set then, not now: {unset})" if unset else told,)


def _look(
    pair: Pair, runs: RunReader, wish: Wish, ready: _Ready, environ: Mapping[str, str]
) -> Look:
    python = ready.built.python if ready.built else _python(pair.after)
    inside = InsideJudge(python, environ=environ, folder=ready.prepared.cwd) if python else None
    old, new = runs.run(pair.old), runs.run(pair.new)
    return Look(
        judge=judge,
        tolerance=wish.tolerance,
        old=look_masks(pair.before, old),
        new=look_masks(
            pair.after,
            new,
            extra=(ready.prepared.root,),
            renamed=((pair.new, pair.old), (new.name, old.name)),
        ),
        inside=inside,
        picture=picture_writer(Path(ready.prepared.root)) if wish.keep else None,
    )


def _python(manifest: Manifest) -> str | None:
    return manifest.environment.executable if manifest.environment else None


def _cause(
    record: Record, pair: Pair, look: Look, gaps: tuple[Gap, ...], compared: Compared
) -> Cause | None:
    old = read_side(pair.before, record.vault, look.old)
    new = read_side(pair.after, record.vault, look.new)
    return first_cause(
        old, new, gaps=gaps, symptoms=compared.symptoms, show=object_difference(record.vault)
    )


def _by_itself(
    record: Record, runs: RunReader, pair: Pair, cause: Cause, compared: Compared
) -> Cause:
    """Say so when all that differs also differs where the run was recorded."""
    known = stability(runs, RunId(pair.old), record.vault)
    told = explained(known, differing(compared))
    return Cause(UNSTABLE, told[0], (cause.detail, *told[1:])) if told else cause


def _unseen(after: Manifest) -> tuple[Gap, ...]:
    outside = written_outside(after)
    told = f"it wrote outside the folder of the reproduction: {named(outside)}"
    noted = (Gap("output", told, note=True),) if outside else ()
    return noted + tuple(
        Gap("output", f"{one.path} was written again, but has no digest: {one.note or 'unread'}")
        for one in after.outputs
        if one.digest is None
    )


def _environment(
    record: Record, manifest: Manifest, wish: Wish, prepared: Prepared, aside: Path
) -> tuple[Built | None, str | None, list[Gap]]:
    """Return the environment to run in (None: what is here), its overlay, and its gaps."""
    recorded = manifest.environment
    if recorded is None:
        return None, None, []
    if wish.env == "here":
        told = "the environment is that of this machine, not the recorded one (--env here)"
        return None, None, [Gap("environment", told, note=True)]
    built = rebuild(recorded, vault=record.vault, tools=wish.tools, folder=prepared.root)
    overlay = aside
    if wish.keep is not None:  # the kept folder stays usable, and free of what is not its own
        key = digest(f"{prepared.root}\n{recorded.identity}".encode())[:32]
        overlay = Path(wish.tools.cache) / "overlays" / key
    gaps = lay_over(
        recorded.distributions,
        old_root=manifest.root,
        new_root=prepared.root,
        folder=overlay,
        python=built.python,
        unused=_not_imported(manifest),
    )
    return built, str(overlay) if overlay.is_dir() else None, [*built.gaps, *gaps]


def _not_imported(manifest: Manifest) -> frozenset[str]:
    """Return the editable distributions of whose folders the run opened no file."""
    if manifest.environment is None or not was_watched(manifest):
        return frozenset()
    opened = [one.path for one in manifest.inputs]
    return frozenset(
        one.name
        for one in manifest.environment.distributions
        if one.origin == "editable" and one.location and not _any_under(opened, one.location)
    )


def _any_under(paths: Iterable[str], folder: str) -> bool:
    inside = folder.rstrip("/") + "/"
    return any(
        path.startswith(inside) or (path.endswith("/") and inside.startswith(path))
        for path in paths
    )


def _impossible(run: RunId, fault: AfieldError, gaps: tuple[Gap, ...], wish: Wish) -> Report:
    told = fault.message + (f" ({fault.hint})" if fault.hint else "")
    return Report(
        run=run,
        new_run=None,
        verdict="incomplete",
        cause=Cause("environment", told),
        reasons=(told, *(gap.detail for gap in gaps)),
        tolerance=wish.tolerance,
    )


@contextlib.contextmanager
def _folder(manifest: Manifest, keep: Path | None) -> Iterator[tuple[Path, Path]]:
    """Give the folder for the project, and one beside it for what is not part of it."""
    base = Path(tempfile.mkdtemp(prefix="afield-reproduce-")).resolve()
    try:
        name = os.path.basename(manifest.root.rstrip("/\\")) or "project"  # noqa: PTH119 - recorded text
        yield (keep or base / name), base / "overlay-site-packages"
    finally:
        shutil.rmtree(base, ignore_errors=True)
