"""`afield issue`: a report about a failed run, to paste into a tracker."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from afield.cli.arguments import RUN
from afield.cli.catalog import COMMANDS
from afield.cli.damage import warn_of_damage
from afield.cli.output import emit_json, plain
from afield.cli.session import Session, global_options, session_of
from afield.kernel.errors import Refused, Usage
from afield.workspace.documents import run_document

if TYPE_CHECKING:
    from afield.cli.uncommitted import Uncommitted
    from afield.workspace.views import RunView
    from afield.workspace.workspace import Workspace


@click.command("issue")
@click.argument("run", type=RUN)
@click.option(
    "--output",
    "-o",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write it there; else to stdout.",
)
@click.option("--force", is_flag=True, help="Replace a file that is there.")
@global_options
@click.pass_context
def command(context: click.Context, *, run: str, output: Path | None, force: bool) -> None:
    """Write a report about RUN in Markdown, to paste into an issue tracker.

    It has the command, how it ended, the traceback, the environment, the data, the state of
    the code, when the same failure happened before, and how to reproduce it. Read it before
    it leaves your hands: secrets are replaced, but notes and data names are as they are.
    """
    from afield.cli.issue_page import issue_text, issue_title

    if output is not None:
        output = None if str(output) == "-" else output.expanduser()
    if output is not None and os.path.lexists(output) and not force:
        why = "it is there already"
        raise Usage("cannot write the report", str(output), why, hint="-o OTHER.md, or --force")
    session = session_of(context)
    workspace = session.workspace()
    view = workspace.run(run)
    document = run_document(workspace, view)
    warn_of_damage(workspace)
    home = str(Path.home())
    title = issue_title(document, home=home)
    text = issue_text(
        document,
        _uncommitted(session, workspace, view),
        home=home,
        with_bundle="bundle" in COMMANDS,
    )
    if output is not None:
        _write(output, text)
    if session.json:
        answer: dict[str, Any] = {
            "schema": "afield.issue/1",
            "run": view.id,
            "title": title,
            "file": None if output is None else str(output),
            "text": text if output is None else None,
        }
        emit_json(answer)
    elif output is None:
        click.echo(text, nl=False)
    else:
        click.echo(f"wrote {plain(output)}")


def _uncommitted(session: Session, workspace: Workspace, view: RunView) -> Uncommitted | None:
    from afield.cli.uncommitted import uncommitted
    from afield.runs.secrets import known_values

    manifest = workspace.manifest(view)
    if manifest is None:
        return None
    folder = os.fspath(session.folder())
    return uncommitted(
        manifest,
        workspace.record.vault,
        folder=folder,
        environ=session.environ,
        known=known_values(session.environ, folder=folder),
    )


def _write(output: Path, text: str) -> None:
    try:
        output.write_text(text, encoding="utf-8", errors="replace")
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        raise Refused("cannot write the report", str(output), why) from error
