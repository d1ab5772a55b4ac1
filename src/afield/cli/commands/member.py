"""`afield member`: who takes part; the group, its commands are files beside it."""

from __future__ import annotations

import click

from afield.cli.catalog import MEMBER_COMMANDS
from afield.cli.lazy import LazyGroup
from afield.cli.session import global_options


@click.group(
    "member",
    cls=LazyGroup,
    table=MEMBER_COMMANDS,
    subcommand_metavar="COMMAND …",
    invoke_without_command=True,
)
@global_options
@click.pass_context
def command(context: click.Context) -> None:
    """Say who takes part in this workspace, or at a hub, and who may what (docs/access.md)."""
    if context.invoked_subcommand is None:
        click.echo(context.get_help())
