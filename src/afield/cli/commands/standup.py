"""`afield standup`: what a person says of their day; its commands are files beside it."""

from __future__ import annotations

import click

from afield.cli.catalog import STANDUP_COMMANDS
from afield.cli.lazy import LazyGroup
from afield.cli.session import global_options, session_of

HELP = """\
Say in a minute where you are; the record has filled in what you did.

\b
  afield standup                                     # asks; Enter keeps what stands there
  afield standup --next "label the rest" --stuck "no access to the bucket" --owner ben
  afield standup --unchanged
  afield standup at 09:15                            # when you write it, where you are
"""


@click.group(
    "standup",
    cls=LazyGroup,
    table=STANDUP_COMMANDS,
    default="new",
    subcommand_metavar="[COMMAND] …",
    help=HELP,
    invoke_without_command=True,
)
@global_options
@click.pass_context
def command(context: click.Context) -> None:
    """Write one when no command is given."""
    session_of(context).tells_own = True
    if context.invoked_subcommand is None:
        from afield.cli.commands.standup_new import command as new

        context.invoke(new)
