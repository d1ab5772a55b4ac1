"""`afield access`: who may what; the group, its commands are files beside it."""

from __future__ import annotations

import click

from afield.cli.catalog import ACCESS_COMMANDS
from afield.cli.lazy import LazyGroup
from afield.cli.session import global_options


@click.group(
    "access",
    cls=LazyGroup,
    table=ACCESS_COMMANDS,
    subcommand_metavar="COMMAND …",
    invoke_without_command=True,
)
@global_options
@click.pass_context
def command(context: click.Context) -> None:
    """Look over who may what."""
    if context.invoked_subcommand is None:
        click.echo(context.get_help())
