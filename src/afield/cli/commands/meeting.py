"""`afield meeting`: called in everybody's time, noted, read by who was not there."""

from __future__ import annotations

import click

from afield.cli.catalog import MEETING_COMMANDS
from afield.cli.lazy import LazyGroup
from afield.cli.session import global_options

HELP = """\
Call meetings, and write down what came of them.

\b
  afield overlap ada ben --minutes 45
  afield meeting "The split" --at 2026-12-01T15:00 --minutes 45 --with ada --with ben
  afield meeting notes 7f3k < notes.md      # "- [ ] @ada label the rest by 2d" is a task,
                                            # "! keep the split of November" a decision
"""


@click.group(
    "meeting",
    cls=LazyGroup,
    table=MEETING_COMMANDS,
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
