"""`afield data`: versions of datasets; the group, its commands are files beside it."""

from __future__ import annotations

import click

from afield.cli.catalog import DATA_COMMANDS
from afield.cli.lazy import LazyGroup
from afield.cli.session import global_options


@click.group(
    "data",
    cls=LazyGroup,
    table=DATA_COMMANDS,
    subcommand_metavar="COMMAND …",
    invoke_without_command=True,
)
@global_options
@click.pass_context
def command(context: click.Context) -> None:
    """Keep versions of data that anyone can name, compare, fetch and check.

    A version is NAME@3, NAME@latest or NAME@ and the beginning of its digest; NAME alone is
    the newest.
    """
    if context.invoked_subcommand is None:
        click.echo(context.get_help())
