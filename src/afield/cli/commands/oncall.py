"""`afield oncall`: who agreed to be woken; its commands are files beside it."""

from __future__ import annotations

import click

from afield.cli.catalog import ONCALL_COMMANDS
from afield.cli.lazy import LazyGroup
from afield.cli.session import global_options

HELP = """\
Say when you may be woken. Nobody can say so for somebody else.

\b
  afield oncall take 2026-11-28T00:00 2026-11-29T00:00
  afield oncall list
"""


@click.group(
    "oncall",
    cls=LazyGroup,
    table=ONCALL_COMMANDS,
    default="list",
    subcommand_metavar="[COMMAND] …",
    help=HELP,
    invoke_without_command=True,
)
@global_options
@click.pass_context
def command(context: click.Context) -> None:
    """List turns when no command is given."""
    if context.invoked_subcommand is None:
        from afield.cli.commands.oncall_list import command as shown

        context.invoke(shown)
