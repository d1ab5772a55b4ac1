"""`afield model alias`: point a word at a version, or take it away."""

from __future__ import annotations

import click

from afield.cli.output import emit_json, plain
from afield.cli.session import global_options, session_of


@click.command("alias")
@click.argument("version", metavar="NAME[@VERSION]")
@click.argument("alias")
@click.option("--remove", is_flag=True, help="Take the alias away; NAME alone is enough.")
@global_options
@click.pass_context
def command(context: click.Context, *, version: str, alias: str, remove: bool) -> None:
    """Let ALIAS mean a version of a model, wherever it pointed before."""
    from afield.workspace.models import find_model, find_version, point, unpoint

    session = session_of(context)
    workspace = session.writing("model.stage")
    workspace.refresh()
    number = None
    if remove:
        model = find_model(workspace, version.partition("@")[0])
        unpoint(workspace, model, alias)
        name = model.name
    else:
        found = find_version(workspace, version)
        point(workspace, found, alias)
        name, number = found.name, found.number
    if session.json:
        told = {"name": name, "alias": alias, "version": number}
        emit_json({"schema": "afield.model-alias/1", **told})
        return
    words = "taken away" if number is None else f"is {name}@{number}"
    click.echo(plain(f"{name}@{alias} {words}"))
