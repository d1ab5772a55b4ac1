"""`afield run`: record a command, handing its output and exit code through untouched."""

from __future__ import annotations

import contextlib
import gc
import os
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Literal, cast

import click

from afield.cli.arguments import KEY_VALUE, short
from afield.cli.commands.run_words import recorded_document, summary_lines
from afield.cli.output import emit_json_line
from afield.cli.session import Session, global_options, session_of
from afield.cli.settings import load_settings
from afield.kernel.errors import AfieldError, Usage
from afield.runs.names import is_notebook
from afield.workspace import layout

if TYPE_CHECKING:
    from afield.runs.capture.capture import Outcome

Trace = Literal["auto", "python", "off"]

GARBAGE_THRESHOLD = 50_000
"""New objects between two looks for cycles: what is recorded has none, and there is much of it."""


@click.command(
    "run",
    context_settings={"allow_interspersed_args": False},
    options_metavar="[OPTIONS] [--]",
)
@click.argument("words", nargs=-1, type=click.UNPROCESSED, metavar="COMMAND...")
@click.option("--project", metavar="NAME", help="The project; by default the repository's name.")
@click.option("--experiment", metavar="NAME", help="The experiment within the project.")
@click.option("--name", metavar="NAME", help="A name for the run; by default one is made up.")
@click.option("--tag", "tags", type=KEY_VALUE, multiple=True, help="Tag the run; repeatable.")
@click.option("--param", "params", type=KEY_VALUE, multiple=True, help="Tell a parameter.")
@click.option("--no-seed", is_flag=True, help="Leave the run's randomness alone.")
@click.option(
    "--trace",
    type=click.Choice(["auto", "python", "off"]),
    help="How files are seen; auto unless configured otherwise.",
)
@click.option(
    "--executed",
    metavar="FILE",
    type=click.Path(dir_okay=False),
    help="Of a notebook: leave the executed one here, too.",
)
@click.option("--quiet", "-q", is_flag=True, help="Say nothing afterwards.")
@global_options
@click.pass_context
def command(
    context: click.Context,
    *,
    words: tuple[str, ...],
    project: str | None,
    experiment: str | None,
    name: str | None,
    tags: tuple[tuple[str, str], ...],
    params: tuple[tuple[str, str], ...],
    no_seed: bool,
    trace: Trace | None,
    executed: str | None,
    quiet: bool,
) -> int:
    """Record COMMAND: code, environment, inputs, outputs, console, seeds and resources.

    \b
      afield run python train.py --lr 0.1
      afield run --tag stage=try --param model=tree -- ./train.sh
      afield run analysis.ipynb

    The command's output, exit code, signals and Ctrl-C are as without Afield. Afield's own
    options stand before the command. Afterwards one short paragraph on stderr says what was
    kept, and what stands in the way of reproducing it; with --json it is one JSON object on
    stderr, because stdout is the command's.
    """  # noqa: D301 - click reads the backspace
    from afield.runs.capture.capture import Request, capture

    session = session_of(context)
    session.answers_on_stderr = True
    if not words:
        raise Usage("no command to record", hint="afield run python train.py")
    gc.freeze()
    gc.set_threshold(GARBAGE_THRESHOLD)
    record = session.record()
    settings = load_settings(session)
    request = Request(
        argv=words,
        folder=os.fspath(session.folder()),
        environ=session.environ,
        project=project or settings.text("run.project") or None,
        project_default=_project_name(session.folder()),
        experiment=experiment,
        name=name,
        tags=dict(tags),
        params=dict(params),
        seed=settings.yes("run.seed") and not no_seed,
        trace=trace or cast("Trace", settings.text("run.trace")),
        keep_bytes_max=settings.integer("run.keep_mb") * 1_000_000,
        terminal=session.is_terminal(sys.stdout),
        executed_to=_beside(words[0], executed, session.folder()),
    )
    out, err = _streams(session)
    outcome = capture(record, request, out=out, err=err)
    session.command_code = outcome.exit_code
    _answer(session, outcome, quiet=quiet)
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
            click.echo(line, err=True)


def _seen_before(session: Session, outcome: Outcome) -> Iterator[str]:
    """Say whether a failure is one that somebody had before; whatever goes wrong, nothing."""
    if outcome.exit_code == 0 or not outcome.recorded:
        return
    with contextlib.suppress(AfieldError, OSError):
        from afield.cli.documents import failure_part
        from afield.cli.failure_view import before_words

        workspace = session.workspace()
        found = failure_part(workspace, workspace.run(outcome.run))
        if found is not None and found["times_before"]:
            yield f"afield: {before_words(found, datetime.now(UTC))}"
            yield f"afield: what was noted then, and what helped: afield show {short(outcome.run)}"


def _newer_data(session: Session, outcome: Outcome) -> Iterator[str]:
    """Say which versions of data that were read have newer ones; whatever goes wrong, nothing."""
    with contextlib.suppress(AfieldError, OSError):
        caches = os.path.join(session.place(), layout.CACHE)  # noqa: PTH118 - str at hand
        if not outcome.recorded or not any(map(_is_of_data, os.listdir(caches))):  # noqa: PTH208
            return
        from afield.cli.documents import data_part

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


def _beside(notebook: str, executed: str | None, folder: Path) -> str | None:
    """Return where the executed notebook goes: anywhere but over the notebook itself."""
    if executed is None:
        return None
    if not is_notebook(notebook):
        raise Usage("--executed is for notebooks", notebook)
    path = (folder / executed).resolve()
    if path == (folder / notebook).resolve():
        hint = f"afield run --executed {Path(executed).stem}.executed.ipynb {notebook}"
        raise Usage("--executed would overwrite the notebook", executed, hint=hint)
    return os.fspath(path)


def _project_name(folder: Path) -> str:
    """Return the name of the repository that a folder is in, else the folder's own."""
    for found in (folder, *folder.parents):
        if (found / ".git").exists():
            return found.name
    return folder.name
