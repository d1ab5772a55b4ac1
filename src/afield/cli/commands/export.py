"""`afield export`: runs for other tools; the group, its commands are files beside it."""

from __future__ import annotations

import click

from afield.cli.catalog import EXPORT_COMMANDS
from afield.cli.lazy import LazyGroup
from afield.cli.session import global_options


@click.group(
    "export",
    cls=LazyGroup,
    table=EXPORT_COMMANDS,
    subcommand_metavar="COMMAND …",
    invoke_without_command=True,
)
@global_options
@click.pass_context
def command(context: click.Context) -> None:
    """Write runs for another tool, once or again and again.

    What is there already as it is here is not written twice.
    """
    if context.invoked_subcommand is None:
        click.echo(context.get_help())
