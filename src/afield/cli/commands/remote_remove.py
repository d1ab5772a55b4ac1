"""`afield remote remove`: forget a place; nothing there is touched."""

from __future__ import annotations

import click

from afield.cli.output import emit_json, plain
from afield.cli.session import global_options, session_of


@click.command("remove")
@click.argument("name")
@global_options
@click.pass_context
def command(context: click.Context, name: str) -> None:
    """Forget the remote NAME. What is there stays there, what is here stays here."""
    from afield.workspace.remotes import remove_remote

    session = session_of(context)
    remote = remove_remote(session.workspace(), name)
    if session.json:
        emit_json({"schema": "afield.remote-removed/1", "name": remote.name, "url": remote.url})
        return
    click.echo(f"forgot {remote.name}; {plain(remote.url)} is as it was")
