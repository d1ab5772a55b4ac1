"""`afield import`: what people have in other tools; the group, its commands are files beside it."""

from __future__ import annotations

import click

from afield.cli.catalog import IMPORT_COMMANDS
from afield.cli.lazy import LazyGroup
from afield.cli.session import global_options


@click.group(
    "import",
    cls=LazyGroup,
    table=IMPORT_COMMANDS,
    subcommand_metavar="COMMAND …",
    invoke_without_command=True,
)
@global_options
@click.pass_context
def command(context: click.Context) -> None:
    """Bring what you have in other tools, once or again and again.

    Nothing is changed where it lies, the other tool need not be installed, and what was
    brought before is not brought twice.
    """
    if context.invoked_subcommand is None:
        click.echo(context.get_help())
