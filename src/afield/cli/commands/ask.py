"""`afield ask`: what people need of each other; the group, its commands are files beside it."""

from __future__ import annotations

import click

from afield.cli.catalog import ASK_COMMANDS
from afield.cli.lazy import LazyGroup
from afield.cli.session import global_options

HELP = """\
Ask a colleague for something: who, what, and by when in their working hours.

\b
  afield ask ada "Which split did you train on?" --about run:brisk-otter --due 4h
  afield ask list
  afield ask answer 7f3k "the one of 12 November, data customers@3"
"""


@click.group(
    "ask",
    cls=LazyGroup,
    table=ASK_COMMANDS,
    default="new",
    subcommand_metavar="WHO TITLE | COMMAND …",
    help=HELP,
    invoke_without_command=True,
)
@global_options
@click.pass_context
def command(context: click.Context) -> None:
    """Show the help when no command is given."""
    if context.invoked_subcommand is None:
        click.echo(context.get_help())
