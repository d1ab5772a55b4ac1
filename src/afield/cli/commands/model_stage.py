"""`afield model stage`: say what a version is for."""

from __future__ import annotations

import click

from afield.cli.output import emit_json, plain
from afield.cli.session import global_options, session_of


@click.command("stage")
@click.argument("version", metavar="NAME[@VERSION]")
@click.argument("stage")
@click.option("--archive", is_flag=True, help="Archive the versions that are in the stage.")
@global_options
@click.pass_context
def command(context: click.Context, *, version: str, stage: str, archive: bool) -> None:
    """Put a version into a stage: none, staging, production or archived."""
    from afield.workspace.models import find_version, set_stage

    session = session_of(context)
    workspace = session.writing("model.stage")
    workspace.refresh()
    found = find_version(workspace, version)
    now = set_stage(workspace, found, stage, archive=archive)
    if session.json:
        told = {"name": found.name, "version": found.number, "stage": now}
        emit_json({"schema": "afield.model-stage/1", **told})
        return
    click.echo(f"{plain(found.name)}@{found.number}: {now}")
