"""`afield model list`: the registered models, with the newest version of each."""

from __future__ import annotations

import click

from afield.cli.output import emit_json, plain
from afield.cli.session import global_options, session_of


@click.command("list")
@global_options
@click.pass_context
def command(context: click.Context) -> None:
    """List the registered models."""
    from afield.workspace.models import model_part, models

    session = session_of(context)
    workspace = session.workspace()
    workspace.refresh()
    rows = [model_part(workspace, one) for one in models(workspace)]
    if session.json:
        emit_json({"schema": "afield.model-list/1", "models": rows})
        return
    if not rows:
        click.echo("no models yet")
        click.echo("hint: afield model register RUN:PATH NAME", err=True)
        return
    for row in rows:
        versions, aliases = row["versions"], row["aliases"]
        points = "  ".join(f"{alias}→{number}" for alias, number in aliases.items())
        newest = versions[0]["label"] if versions else row["name"]
        click.echo(f"{plain(newest)}  {plain(points)}".rstrip())
