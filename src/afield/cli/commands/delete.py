"""`afield delete`: put runs out of sight; nothing is erased, `afield restore` brings them back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from afield.cli import words
from afield.cli.arguments import RUN, short
from afield.cli.output import emit_json, plain
from afield.cli.session import Session, global_options, session_of

if TYPE_CHECKING:
    from afield.kernel.ids import RunId
    from afield.workspace.workspace import Workspace


def set_deleted(session: Session, names: tuple[str, ...], *, deleted: bool) -> None:
    """Hide runs or bring them back: all that are named, or none when one cannot be found."""
    from afield.workspace.marks import delete_runs

    workspace = session.writing("run.delete")
    found = [workspace.run(name) for name in names]
    delete_runs(workspace, found, deleted=deleted)
    if session.json:
        ids = [run.id for run in found]
        emit_json({"schema": "afield.deleted/1", "deleted": deleted, "runs": ids})
        return
    for run in found:
        verb = "deleted" if deleted else "restored"
        click.echo(f"{verb} {short(run.id)} ({plain(run.name)})")
    if not deleted:
        say_what_is_gone(workspace, [run.id for run in found])
    if deleted:
        click.echo(f"undo with: afield restore {' '.join(short(run.id) for run in found)}")


def say_what_is_gone(workspace: Workspace, runs: list[RunId]) -> None:
    """Say it when bytes of restored runs were swept for good, or are at a remote."""
    from afield.workspace.sync import missing, roots_of_run

    for run in runs:
        lost = missing(workspace, roots_of_run(workspace, run))
        if lost:
            text = f"{words.count(len(lost), 'object')} of {short(run)} were swept or are elsewhere"
            click.secho(f"warning: {text}", fg="yellow", err=True)
            click.echo(f"{click.style('hint', fg='cyan')}: afield fetch {short(run)}", err=True)


@click.command("delete")
@click.argument("runs", type=RUN, nargs=-1, required=True)
@global_options
@click.pass_context
def command(context: click.Context, runs: tuple[str, ...]) -> None:
    """Put RUNS out of sight: lists and queries leave them out, `afield restore` undoes it.

    Nothing is erased: the record is append-only. `afield runs --deleted` lists them. Their bytes
    stay as well, until `afield sweep`.
    """
    set_deleted(session_of(context), runs, deleted=True)
