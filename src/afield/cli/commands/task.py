"""`afield task`: what is to be done, by whom and when; its commands are files beside it."""

from __future__ import annotations

import click

from afield.cli.catalog import TASK_COMMANDS
from afield.cli.lazy import LazyGroup
from afield.cli.session import global_options


@click.group(
    "task",
    cls=LazyGroup,
    table=TASK_COMMANDS,
    default="new",
    subcommand_metavar="TITLE | COMMAND …",
    invoke_without_command=True,
)
@global_options
@click.pass_context
def command(context: click.Context) -> None:
    """Write tasks down, with parts and due times; choose the six for a day.

    \b
      afield task "Label the last 200 images" --owner ada --due 2d --about data:cats
      afield task matrix
      afield task six 7f3k 9a2m
    """  # noqa: D301 - click reads the backspace
    if context.invoked_subcommand is None:
        click.echo(context.get_help())
