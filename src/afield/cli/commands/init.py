"""`afield init`: make a workspace in a folder."""

from __future__ import annotations

from pathlib import Path

import click

from afield.cli.output import emit_json, plain
from afield.cli.session import global_options, session_of


@click.command("init")
@click.argument("folder", type=click.Path(file_okay=False), default=".", metavar="[FOLDER]")
@global_options
@click.pass_context
def command(context: click.Context, folder: str) -> None:
    """Make a workspace (`.afield/`) in FOLDER, the one you stand in when none is named.

    You need not: without a workspace, `afield run` records into your default one. Make one
    where a project should keep its record beside its code. git never sees it.
    """
    from afield.workspace.workspace import Workspace

    session = session_of(context)
    given = session.workspace_path or session.environ.get("AFIELD_WORKSPACE")
    chosen = Path(folder) if folder != "." or not given else Path(given)
    full = chosen.expanduser().absolute()
    there = full if full.name == ".afield" else full / ".afield"
    made = not (there / "config.toml").is_file()
    workspace = Workspace.init(full, clock=session.clock)
    session.cleanup.callback(workspace.close)
    if session.json:
        emit_json({"schema": "afield.workspace/1", "path": str(workspace.path), "made": made})
        return
    click.echo(f"{'made the' if made else 'there is a'} workspace: {plain(workspace.path)}")
    click.echo("next: afield run python train.py")
