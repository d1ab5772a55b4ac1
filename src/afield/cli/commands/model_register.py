"""`afield model register`: what a run made becomes the next version of a model."""

from __future__ import annotations

import click

from afield.cli.output import emit_json, plain
from afield.cli.session import global_options, session_of


@click.command("register")
@click.argument("source", metavar="RUN[:PATH]")
@click.argument("name")
@click.option("--note", metavar="TEXT", help="What there is to say of this version.")
@global_options
@click.pass_context
def command(context: click.Context, *, source: str, name: str, note: str | None) -> None:
    """Register what RUN keeps at PATH as the next version of NAME."""
    from afield.workspace.models import register, version_part

    session = session_of(context)
    workspace = session.writing("model.register")
    run, _, path = source.partition(":")
    version = register(workspace, name, run, path, note=note)
    if session.json:
        emit_json({"schema": "afield.model-register/1", **version_part(workspace, version)})
        return
    click.echo(f"registered: {plain(version.name)}@{version.number}")
