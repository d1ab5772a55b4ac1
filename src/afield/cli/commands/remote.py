"""`afield remote`: where copies meet; the group, its commands are files beside it."""

from __future__ import annotations

import click

from afield.cli.catalog import REMOTE_COMMANDS
from afield.cli.lazy import LazyGroup
from afield.cli.session import global_options


@click.group(
    "remote",
    cls=LazyGroup,
    table=REMOTE_COMMANDS,
    subcommand_metavar="COMMAND …",
    invoke_without_command=True,
)
@global_options
@click.pass_context
def command(context: click.Context) -> None:
    """Name the places where copies of the workspace meet: folders, sticks, mounts, buckets."""
    if context.invoked_subcommand is None:
        click.echo(context.get_help())
