"""`afield blocker`: what keeps people from going on; the group, its commands are beside it."""

from __future__ import annotations

import click

from afield.cli.catalog import BLOCKER_COMMANDS
from afield.cli.lazy import LazyGroup
from afield.cli.session import global_options

HELP = """\
Say what keeps you from going on, who is to clear it, and offer help with others'.

\b
  afield blocker "No access to the evaluation bucket" --owner ben
  afield blocker list
"""


@click.group(
    "blocker",
    cls=LazyGroup,
    table=BLOCKER_COMMANDS,
    default="new",
    subcommand_metavar="TITLE | COMMAND …",
    help=HELP,
    invoke_without_command=True,
)
@global_options
@click.pass_context
def command(context: click.Context) -> None:
    """Show the help when no command is given."""
    if context.invoked_subcommand is None:
        click.echo(context.get_help())
