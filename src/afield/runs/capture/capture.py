"""`capture`: runs any command as it would run without us, and records all that it was made of.

This file is the order of things; each thing has a file of its own. Whatever goes wrong on our
side becomes a warning on the record, or words on stderr when there is no record: the command
runs to its end with its own exit code.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, BinaryIO

from afield.kernel.errors import AfieldError, Usage
from afield.kernel.ids import RunId, new_run_id, parse_run_id
from afield.runs import events
from afield.runs import manifest as manifests
from afield.runs.capture import inside
from afield.runs.capture.before import CONSOLE, TRACE, read_before
from afield.runs.capture.child import Channels, Exit, find_command, run_child
from afield.runs.capture.console import ConsoleWriter
from afield.runs.capture.entropy import SeedPlan, plan
from afield.runs.capture.layers import LAYERS, Layer
from afield.runs.capture.leaks import clean_manifest, clean_words, secrets_of
from afield.runs.capture.observe import Observer
from afield.runs.capture.outcome import facts_of, status_of
from afield.runs.capture.request import Begun, Faults, Outcome, Request
from afield.runs.capture.signals import Forwarder
from afield.runs.live_owner import Ending, read_ending, write_ending
from afield.runs.live_warnings import add_warnings, read_warnings
from afield.runs.manifest import Manifest
from afield.runs.names import default_name, is_notebook
from afield.runs.record import Record, end_run, start_run

if TYPE_CHECKING:
    from afield.runs.capture.notebook import NotebookCommand
    from afield.runs.failure import Kept

__all__ = ["Outcome", "Request", "capture"]

_MARK = "began"


def capture(
    record: Record,
    request: Request,
    *,
    out: BinaryIO | None,
    err: BinaryIO | None,
    layers: Sequence[Layer] = LAYERS,
) -> Outcome:
    """Run a command to its end and record it.

    `layers` are those that `request.trace` picks from, in the order in which they are asked.
    `out` or `err` is None when it is closed; the descriptor of that number must then be one
    that the command does not inherit.

    Raises:
        CommandNotFound, CommandNotExecutable: nothing was run and nothing recorded.
        KeyboardInterrupt: before the command was started.
    """
    target = _find(request)
    faults = Faults()
    seeds = _plan(request, faults)
    known = secrets_of(request, record.workspace)
    told, hidden = clean_words(request, known)
    observer = Observer(record, request, target=target, known=known, faults=faults, layers=layers)
    observer.seeds = seeds
    observer.clean = partial(clean_manifest, vault=record.vault, known=known, told=hidden)
    with faults.contained("the code was not kept"):
        observer.look_before()
    run = _begin(record, told, faults)
    recorded = run is not None
    run = run or new_run_id()
    name = told.name or default_name(run)
    live = record.live_folder(run) if recorded else None
    channels = Channels()
    with Forwarder(channels.resize) as forwarder:
        try:
            done, console = _run(
                record,
                request,
                run,
                live,
                observer,
                forwarder=forwarder,
                channels=channels,
                out=out,
                err=err,
            )
        except AfieldError as error:
            observer.finish_watch()
            if recorded:
                _abandon(record, run, error.exit_code, faults)
            raise
        manifest = _describe(observer, done, console, faults)
        manifest = _clean(observer, manifest, done, faults)
        if recorded:
            recorded = _end(record, run, manifest, observer=observer, done=done, faults=faults)
    if not recorded:
        _say(err, faults)
    return Outcome(run, name, done.shell_code, manifest, recorded, tuple(faults.texts))


def _find(request: Request) -> str | NotebookCommand:
    """Return the program that is to run, or the notebook that the command is."""
    if request.argv and is_notebook(request.argv[0]):
        from afield.runs.capture.notebook import notebook_command  # seldom, and not light

        found = notebook_command(request)
        assert found is not None, "its name says that it is one"
        return found
    return find_command(request.argv, request.folder, request.environ)


def _plan(request: Request, faults: Faults) -> SeedPlan:
    """Plan the seeds; a PYTHONHASHSEED that cannot be one is left for Python to complain of."""
    if request.hash_seed is None and request.seed:
        with contextlib.suppress(Usage):
            return plan(
                seed=True,
                run_seed=request.run_seed,
                hash_seed=request.environ.get("PYTHONHASHSEED"),
            )
        plan(seed=True, run_seed=request.run_seed)  # a seed that we were given must be one
        faults.add("PYTHONHASHSEED is no number: randomness is not recorded")
        return plan(seed=False)
    return plan(seed=request.seed, run_seed=request.run_seed, hash_seed=request.hash_seed)


def _begin(record: Record, request: Request, faults: Faults) -> RunId | None:
    parent = None
    with contextlib.suppress(AfieldError):
        parent = parse_run_id(request.environ.get("AFIELD_RUN", ""))
    with faults.contained("the run is not recorded"):
        return start_run(
            record,
            project=request.project,
            project_default=request.project_default,
            experiment=request.experiment,
            name=request.name,
            kind="command",
            params=request.params,
            tags=request.tags,
            parent=parent,
            reproduces=request.reproduces,
        )
    return None


def _run(
    record: Record,
    request: Request,
    run: RunId,
    live: str | None,
    observer: Observer,
    *,
    forwarder: Forwarder,
    channels: Channels,
    out: BinaryIO | None,
    err: BinaryIO | None,
) -> tuple[Exit, ConsoleWriter]:
    """Run the command with everything that looks on around it."""
    faults = observer.faults
    environ = _own(request.environ)
    stream: BinaryIO | None = None
    if live is not None:
        environ |= {"AFIELD_RUN": run, "AFIELD_WORKSPACE": record.workspace}
        with faults.contained("what the run reads is not watched"):
            folder = os.path.join(live, TRACE)
            os.mkdir(folder)
            environ |= inside.environ(folder, environ, entropy=observer.seeds, trace=False)
            observer.watch(folder, os.path.join(live, _MARK))
        with faults.contained("what is known beforehand is not written down"):
            observer.write_before(live)
        with faults.contained("the console is not kept"):
            stream = open(os.path.join(live, CONSOLE), "wb")  # noqa: SIM115 - the writer closes it
    beside = contextlib.ExitStack()
    if live is not None and request.beside is not None:
        environ |= _beside(record, request, run, observer, beside)
    console = ConsoleWriter(stream, known=observer.known)
    try:
        done = run_child(
            request.argv if observer.notebook is None else observer.notebook.prepare(live),
            folder=request.folder,
            environ=environ,
            out=out,
            err=err,
            terminal=request.terminal,
            console=console,
            clock=record.clock,
            forwarder=forwarder,
            channels=channels,
            prepare=observer.prepare,
            started=observer.started,
        )
        if live is not None:  # at once: whatever becomes of us now, this is how it ended
            code, name = done.code, done.signal
            write_ending(live, Ending(status_of(code), code, name, record.now_ms()))
            faults.add(*read_warnings(live))
    finally:
        with faults.contained("what went beside the command may be incomplete"):
            beside.close()
        console.close()
    if live is not None and console.fault is None:
        with faults.contained("the console is not kept"):
            observer.console, _ = record.vault.put_file(os.path.join(live, CONSOLE), rows=False)
    if console.fault is not None:
        faults.add(console.fault)
    return done, console


def _own(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the person's variables without those of a run that this one is inside of."""
    ours = {"AFIELD_RUN", *inside.VARIABLES}
    return {name: value for name, value in environ.items() if name not in ours}


def _beside(
    record: Record, request: Request, run: RunId, observer: Observer, ends: contextlib.ExitStack
) -> Mapping[str, str]:
    """Begin what goes beside the command, to be ended by `ends`; return variables for it."""
    assert request.beside is not None, "asked before"
    begun = Begun(run, record.workspace, request.environ, observer.faults.add, request.reproduces)
    with observer.faults.contained("nothing goes beside the command"):
        added = ends.enter_context(request.beside(begun))
        observer.known = {**observer.known, **added.secrets}
        observer.beside = (added.named,) if added.named else ()
        return added.variables
    return {}


def _describe(observer: Observer, done: Exit, console: ConsoleWriter, faults: Faults) -> Manifest:
    """Return the manifest; what little is certain when a fault or a second Ctrl-C cuts it short."""
    try:
        with faults.contained("the record of what was seen is lost"):
            return observer.manifest(done, console)
    except KeyboardInterrupt:
        faults.add("recording was interrupted: what was seen is lost")
    finally:
        observer.leave_notebook()
    return observer.rest(done)


def _clean(observer: Observer, manifest: Manifest, done: Exit, faults: Faults) -> Manifest:
    """Return the manifest without secrets; the least of it when that cannot be made sure."""
    with faults.contained("what was seen is not kept, it could not be searched for secrets"):
        return observer.clean(manifest)
    return observer.rest(done)


def _end(
    record: Record,
    run: RunId,
    manifest: Manifest,
    *,
    observer: Observer,
    done: Exit,
    faults: Faults,
) -> bool:
    """Write the end of the run, with its manifest; tell whether all of it is on disk."""
    live = record.live_folder(run)
    status = status_of(done.code)
    failure: Kept | None = None
    if done.code != 0:
        from afield.runs.capture.failing import keep_failure  # seldom, and not light

        with faults.contained("why it failed is not recorded"):
            failure = keep_failure(record.vault, live, manifest, observer.known, observer.uncaught)
    ending = read_ending(live)
    with faults.contained("the run's record is not complete"):
        found = record.vault.put(manifests.encode(manifest), meta=True)
        drafts = (events.captured(run, facts_of(manifest), found, failure),)
        try:
            end_run(
                record,
                run,
                status=status,
                exit_code=done.code,
                signal=done.signal,
                ended_ms=None if ending is None else ending.ended_ms,
                before=drafts,
            )
        except AfieldError as error:
            if os.path.isdir(live) or not os.path.isdir(record.workspace):
                raise
            faults.add(f"the run's record is not signed: {error}")  # but it is there
        return True
    add_warnings(live, *manifest.capture.warnings)
    if read_before(live) is not None:
        faults.add("the next `afield` command completes it, once it can be written")
        return False
    with contextlib.suppress(Exception):  # without its manifest, then: the end is worth more
        end_run(record, run, status=status, exit_code=done.code, signal=done.signal)
    return False


def _abandon(record: Record, run: RunId, exit_code: int, faults: Faults) -> None:
    """End a run whose command the system would not start after all."""
    with faults.contained("the run's end is not recorded"):
        end_run(record, run, status="failed", exit_code=exit_code)


def _say(err: BinaryIO | None, faults: Faults) -> None:
    if err is None:
        return
    lines = "".join(f"afield: {text}\n" for text in faults.texts)
    with contextlib.suppress(OSError, ValueError):
        err.write(lines.encode("utf-8", "backslashreplace"))
        err.flush()
