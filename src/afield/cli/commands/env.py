"""`afield env`: the Python environments of runs; the group, its commands are files beside it."""

from __future__ import annotations

import click

from afield.cli.catalog import ENV_COMMANDS
from afield.cli.lazy import LazyGroup
from afield.cli.session import global_options


@click.group(
    "env",
    cls=LazyGroup,
    table=ENV_COMMANDS,
    subcommand_metavar="COMMAND …",
    invoke_without_command=True,
)
@global_options
@click.pass_context
def command(context: click.Context) -> None:
    """Compare the Python environments of runs, and export them for other tools."""
    if context.invoked_subcommand is None:
        click.echo(context.get_help())
