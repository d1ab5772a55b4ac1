"""`afield hub rotate-keys`: another key for what the hub keeps sealed."""

from __future__ import annotations

import click

from afield.cli.output import emit_json
from afield.cli.session import global_options, session_of


@click.command("rotate-keys")
@click.option("--config", default="hub.toml", metavar="FILE", help="What the hub is started with.")
@global_options
@click.pass_context
def command(context: click.Context, *, config: str) -> None:
    """Seal the secrets of second factors under a new key, and drop the one before.

    The hub may go on meanwhile. Backups of the file of keys from before open nothing any more.
    """
    from afield.hub.config import read_config
    from afield.hub.keeping import rotate_keys

    count = rotate_keys(read_config(config))
    if session_of(context).json:
        emit_json({"schema": "afield.hub-keys/1", "sealed": count})
        return
    click.echo(f"sealed under a new key: {count}")
