"""Recording a command for a person: what was asked, what is answered.

The words of `afield run` are read by `straight` or, with every help and complaint, by
`commands.run`. Nothing here needs click: the command that is to be recorded waits for it.
"""

from __future__ import annotations

import contextlib
import gc
import os
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, BinaryIO, Literal, NamedTuple, cast

from afield.cli.output import emit_json_line, say
from afield.cli.recorded import recorded_document, summary_lines
from afield.cli.session import Session
from afield.cli.settings import load_settings
from afield.cli.words import short
from afield.hub.private.endpoint import mlflow_endpoint
from afield.kernel.errors import AfieldError, Usage
from afield.runs.names import is_notebook
from afield.workspace import layout

if TYPE_CHECKING:
    from afield.runs.capture.capture import Outcome

Trace = Literal["auto", "python", "off"]

GARBAGE_THRESHOLD = 50_000
"""New objects between two looks for cycles: what is recorded has none, and there is much of it."""


class Asked(NamedTuple):
    """What `afield run` is asked for; see its options."""

    words: tuple[str, ...]
    project: str | None = None
    experiment: str | None = None
    name: str | None = None
    tags: tuple[tuple[str, str], ...] = ()
    params: tuple[tuple[str, str], ...] = ()
    no_seed: bool = False
    trace: Trace | None = None
    executed: str | None = None
    quiet: bool = False
    no_mlflow: bool = False


def record(session: Session, asked: Asked) -> int:
    """Record a command and tell of it; return its exit code.

    Raises:
        Usage: there is no command, or `--executed` does not fit it.
        AfieldError: there is no workspace, or the command cannot be started.
    """
    gc.disable()  # what is imported stays: a look through it takes 5 ms
    from afield.runs.capture.capture import Request, capture

    gc.freeze()
    gc.set_threshold(GARBAGE_THRESHOLD)
    gc.enable()
    session.answers_on_stderr = True
    if not asked.words:
        raise Usage("no command to record", hint="afield run python train.py")
    record = session.record()
    settings = load_settings(session)
    folder = session.here()
    request = Request(
        argv=asked.words,
        folder=folder,
        environ=session.environ,
        project=asked.project or settings.text("run.project") or None,
        project_default=_project_name(folder),
        experiment=asked.experiment,
        name=asked.name,
        tags=dict(asked.tags),
        params=dict(asked.params),
        seed=settings.yes("run.seed") and not asked.no_seed,
        trace=asked.trace or cast("Trace", settings.text("run.trace")),
        keep_bytes_max=settings.integer("run.keep_mb") * 1_000_000,
        terminal=session.is_terminal(sys.stdout),
        executed_to=_beside(asked.words[0], asked.executed, folder),
        event_files=settings.yes("run.tensorboard"),
        beside=mlflow_endpoint if settings.yes("run.mlflow") and not asked.no_mlflow else None,
    )
    out, err = _streams(session)
    outcome = capture(record, request, out=out, err=err)
    session.command_code = outcome.exit_code
    _answer(session, outcome, quiet=asked.quiet)
    return outcome.exit_code


def _answer(session: Session, outcome: Outcome, *, quiet: bool) -> None:
    """Say what was recorded, on stderr."""
    if session.json:
        emit_json_line(recorded_document(outcome), sys.stderr)
    elif not quiet:
        for line in (
            *summary_lines(outcome),
            *_seen_before(session, outcome),
            *_newer_data(session, outcome),
        ):
            say(line, color=session.color)


def _seen_before(session: Session, outcome: Outcome) -> Iterator[str]:
    """Say whether a failure is one that somebody had before; whatever goes wrong, nothing."""
    if outcome.exit_code == 0 or not outcome.recorded:
        return
    with contextlib.suppress(AfieldError, OSError):
        from afield.cli.failure_view import before_words
        from afield.workspace.documents import failure_part

        workspace = session.workspace()
        found = failure_part(workspace, workspace.run(outcome.run))
        if found is not None and found["times_before"]:
            yield f"afield: {before_words(found, session.now())}"
            yield f"afield: what was noted then, and what helped: afield show {short(outcome.run)}"


def _newer_data(session: Session, outcome: Outcome) -> Iterator[str]:
    """Say which versions of data that were read have newer ones; whatever goes wrong, nothing."""
    with contextlib.suppress(AfieldError, OSError):
        caches = os.path.join(session.place(), layout.CACHE)
        if not outcome.recorded or not any(map(_is_of_data, os.listdir(caches))):
            return
        from afield.workspace.documents import data_part

        workspace = session.workspace()
        view = workspace.run(outcome.run)
        for one in data_part(workspace, view, workspace.manifest(view)):
            if one["newer"]:
                same = "; these files are the same in it" if one["same_in_newest"] else ""
                newest = f"{one['name']}@{one['newest']}"
                yield f"afield: read {one['label']}, and {newest} is newer{same}"


def _is_of_data(name: str) -> bool:
    """Tell whether a cache shows that this workspace may know versions; nobody else is kept."""
    return name.startswith((layout.STAT_DATA, layout.DATASET_FILES))


def _streams(session: Session) -> tuple[BinaryIO | None, BinaryIO | None]:
    """Return where the command's output goes: our own streams, of those that are open."""
    sys.stdout.flush()
    sys.stderr.flush()
    out = None if 1 in session.closed else sys.stdout.buffer
    err = None if 2 in session.closed else sys.stderr.buffer  # noqa: PLR2004 - stderr
    return out, err


def _beside(notebook: str, executed: str | None, folder: str) -> str | None:
    """Return where the executed notebook goes: anywhere but over the notebook itself."""
    if executed is None:
        return None
    if not is_notebook(notebook):
        raise Usage("--executed is for notebooks", notebook)
    path = os.path.realpath(os.path.join(folder, executed))
    if path == os.path.realpath(os.path.join(folder, notebook)):
        stem = os.path.splitext(os.path.basename(executed))[0]
        hint = f"afield run --executed {stem}.executed.ipynb {notebook}"
        raise Usage("--executed would overwrite the notebook", executed, hint=hint)
    return path


def _project_name(folder: str) -> str:
    """Return the name of the repository that a folder is in, else the folder's own."""
    found = folder
    while not os.path.exists(os.path.join(found, ".git")):
        above = os.path.dirname(found)
        if above == found:
            return os.path.basename(folder)
        found = above
    return os.path.basename(found)
