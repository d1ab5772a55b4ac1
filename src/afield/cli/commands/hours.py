"""`afield hours`: when a person works; the group, its commands are files beside it."""

from __future__ import annotations

import click

from afield.cli.catalog import HOURS_COMMANDS
from afield.cli.lazy import LazyGroup
from afield.cli.session import global_options

HELP = """\
Say when you work, in which zone, and when you are away; due times are counted in it.

\b
  afield hours zone Europe/Berlin
  afield hours set "Mon-Thu 09:00-17:30" "Fri 09:00-13:00"
  afield hours leave 2026-12-24 2027-01-02
  afield hours show ada
"""


@click.group(
    "hours",
    cls=LazyGroup,
    table=HOURS_COMMANDS,
    subcommand_metavar="COMMAND …",
    help=HELP,
    invoke_without_command=True,
)
@global_options
@click.pass_context
def command(context: click.Context) -> None:
    """Show the help when no command is given."""
    if context.invoked_subcommand is None:
        click.echo(context.get_help())
