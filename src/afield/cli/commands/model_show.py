"""`afield model show`: one registered model with its versions."""

from __future__ import annotations

import click

from afield.cli.output import emit_json, plain
from afield.cli.session import global_options, session_of


@click.command("show")
@click.argument("name")
@global_options
@click.pass_context
def command(context: click.Context, name: str) -> None:
    """Show a model: its versions, newest first, their stages, and what points at them."""
    from afield.workspace.models import find_model, model_part

    session = session_of(context)
    workspace = session.workspace()
    workspace.refresh()
    shown = model_part(workspace, find_model(workspace, name))
    if session.json:
        emit_json({"schema": "afield.model/1", **shown})
        return
    click.echo(plain(shown["name"]))
    if shown["description"]:
        click.echo(f"  {plain(shown['description'])}")
    for one in shown["versions"]:
        points = [alias for alias, number in shown["aliases"].items() if number == one["number"]]
        stage = [] if one["stage"] == "None" else [one["stage"]]
        words = ", ".join([*points, *stage])
        line = f"  {one['label']}  {one['source']}  {words}".rstrip()
        click.echo(plain(line))
        if one["description"]:
            click.echo(f"    {plain(one['description'])}")
