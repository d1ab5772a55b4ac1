"""`afield token`: what scripts log in with; the group, its commands are files beside it."""

from __future__ import annotations

import click

from afield.cli.catalog import TOKEN_COMMANDS
from afield.cli.lazy import LazyGroup
from afield.cli.session import global_options


@click.group(
    "token",
    cls=LazyGroup,
    table=TOKEN_COMMANDS,
    subcommand_metavar="COMMAND …",
    invoke_without_command=True,
)
@global_options
@click.pass_context
def command(context: click.Context) -> None:
    """Make, list and revoke what your scripts log in to a hub with."""
    if context.invoked_subcommand is None:
        click.echo(context.get_help())
