"""`afield fetch`: bring the bytes of a run that are at a remote only."""

from __future__ import annotations

import click

from afield.cli import words
from afield.cli.arguments import RUN, short
from afield.cli.output import emit_json, plain
from afield.cli.session import global_options, session_of


@click.command("fetch")
@click.argument("run", type=RUN)
@click.option("--limit", metavar="RATE", help="Bytes a second over the link, as in 500k.")
@global_options
@click.pass_context
def command(context: click.Context, *, run: str, limit: str | None) -> int:
    """Bring all that RUN is made of and gave: code, inputs, outputs, console.

    For bytes that `afield sync --data none` or `recent` has left at the remote.
    """
    from afield.cli.commands.sync import PARTLY, pace_of
    from afield.cli.commands.sync import run as run_sync
    from afield.cli.sync_words import document, tell
    from afield.workspace.remotes import remotes
    from afield.workspace.sync import Wishes, missing, roots_of_run

    session = session_of(context)
    workspace = session.workspace()
    view = workspace.run(run)
    roots = roots_of_run(workspace, view.id)
    pace = pace_of(limit)
    documents = []
    lost = missing(workspace, roots)
    for remote in remotes(workspace).values() if lost else ():
        wishes = Wishes(data="none", only=roots)
        report, whole = run_sync(session, workspace, remote, pace, wishes)
        report.left = 0  # what stays is no news
        documents.append(document(remote.name, remote.url, report, whole=whole))
        if not session.json:
            tell(remote.name, report, whole=whole, dry=False)
        lost = missing(workspace, roots)
        if not lost:
            break
    if session.json:
        emit_json(
            {
                "schema": "afield.fetched/1",
                "run": view.id,
                "whole": not lost,
                "missing": sorted(digest.hex() for digest in lost),
                "remotes": documents,
            }
        )
    elif lost:
        text = f"{words.count(len(lost), 'object')} of it are at no remote of this workspace"
        click.secho(f"warning: {text}", fg="yellow", err=True)
    else:
        click.echo(f"{short(view.id)} ({plain(view.name)}): all of it is here")
    return PARTLY if lost else 0
