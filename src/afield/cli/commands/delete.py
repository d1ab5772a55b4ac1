"""`afield delete`: put runs out of sight; nothing is erased, `afield restore` brings them back."""

from __future__ import annotations

import click

from afield.cli.arguments import RUN, short
from afield.cli.output import emit_json, plain
from afield.cli.session import Session, global_options, session_of


def set_deleted(session: Session, names: tuple[str, ...], *, deleted: bool) -> None:
    """Hide runs or bring them back: all that are named, or none when one cannot be found."""
    from afield.runs import events

    workspace = session.workspace()
    found = [workspace.run(name) for name in names]
    drafts = [events.deleted(run.id, gone=deleted) for run in found]
    workspace.record.journal.append_many(drafts, durable=True)
    if session.json:
        ids = [run.id for run in found]
        emit_json({"schema": "afield.deleted/1", "deleted": deleted, "runs": ids})
        return
    for run in found:
        words = "deleted" if deleted else "restored"
        click.echo(f"{words} {short(run.id)} ({plain(run.name)})")
    if deleted:
        click.echo(f"undo with: afield restore {' '.join(short(run.id) for run in found)}")


@click.command("delete")
@click.argument("runs", type=RUN, nargs=-1, required=True)
@global_options
@click.pass_context
def command(context: click.Context, runs: tuple[str, ...]) -> None:
    """Put RUNS out of sight: lists and queries leave them out, `afield restore` undoes it.

    Nothing is erased: the record is append-only. `afield runs --deleted` lists them.
    """
    set_deleted(session_of(context), runs, deleted=True)
