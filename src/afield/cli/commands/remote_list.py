"""`afield remote list`: the places where copies of the workspace meet."""

from __future__ import annotations

import click

from afield.cli.output import emit_json, plain
from afield.cli.session import global_options, session_of


@click.command("list")
@global_options
@click.pass_context
def command(context: click.Context) -> None:
    """List the remotes of this copy."""
    from afield.workspace.remotes import remotes

    session = session_of(context)
    found = remotes(session.workspace())
    if session.json:
        rows = [
            {
                "name": remote.name,
                "url": remote.url,
                "labels": sorted(remote.labels),
                "synced": remote.synced,
            }
            for remote in found.values()
        ]
        emit_json({"schema": "afield.remotes/1", "remotes": rows})
        return
    for remote in found.values():
        labels = f"  [{', '.join(sorted(remote.labels))}]" if remote.labels else ""
        never = "" if remote.synced else "  (never synced)"
        click.echo(f"{remote.name}  {plain(remote.url)}{labels}{never}")
    if not found:
        click.echo("no remotes yet")
        click.echo("hint: afield remote add team PATH", err=True)
