"""`afield handover`: what one person leaves to another; its commands are files beside it."""

from __future__ import annotations

import click

from afield.cli.catalog import HANDOVER_COMMANDS
from afield.cli.lazy import LazyGroup
from afield.cli.session import global_options, session_of

HELP = """\
Leave your work to a colleague, line by line, until they have taken it over.

\b
  afield handover draft                     # what the record would say now
  afield handover ada --backup ben          # draw it up, fill it in, hand it over
  afield handover accept 7f3k "I take the sweep; if the loss jumps I stop it"
"""


@click.group(
    "handover",
    cls=LazyGroup,
    table=HANDOVER_COMMANDS,
    default="new",
    subcommand_metavar="WHO | COMMAND …",
    help=HELP,
    invoke_without_command=True,
)
@global_options
@click.pass_context
def command(context: click.Context) -> None:
    """Show the help when no command is given."""
    session_of(context).tells_own = True
    if context.invoked_subcommand is None:
        click.echo(context.get_help())
