"""`afield model`: registered models; the group, its commands are files beside it."""

from __future__ import annotations

import click

from afield.cli.catalog import MODEL_COMMANDS
from afield.cli.lazy import LazyGroup
from afield.cli.session import global_options


@click.group(
    "model",
    cls=LazyGroup,
    table=MODEL_COMMANDS,
    subcommand_metavar="COMMAND …",
    invoke_without_command=True,
)
@global_options
@click.pass_context
def command(context: click.Context) -> None:
    """Keep models under a name, with counted versions, aliases and stages.

    A version is NAME@3, NAME@ALIAS or NAME@latest; NAME alone is the newest.
    """
    if context.invoked_subcommand is None:
        click.echo(context.get_help())
