"""`afield hub reset`: a code for who is locked out, for whoever has the hub's files."""

from __future__ import annotations

import click

from afield.cli.output import emit_json, plain
from afield.cli.session import global_options, session_of


@click.command("reset")
@click.argument("name")
@click.option("--config", default="hub.toml", metavar="FILE", help="What the hub is started with.")
@click.option("--drop-second-factor", is_flag=True, help="The second factor was lost, too.")
@global_options
@click.pass_context
def command(context: click.Context, name: str, *, config: str, drop_second_factor: bool) -> None:
    """Print a code with which the owner of account NAME sets another password.

    It is good once and for a day. For others than the last admin: `afield member reset`.
    """
    from afield.hub.config import read_config
    from afield.hub.keeping import reset_code

    found = read_config(config)
    code = reset_code(found, name, drop_factor=drop_second_factor)
    if session_of(context).json:
        emit_json({"schema": "afield.hub-reset/1", "username": name, "code": code})
        return
    click.echo(f"{plain(name)} sets another password within a day at:", err=True)
    click.echo(f"{found.url}/reset#{code}")
