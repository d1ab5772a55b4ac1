"""`afield decision`: what was decided, on what evidence; its commands are files beside it."""

from __future__ import annotations

import click

from afield.cli.catalog import DECISION_COMMANDS
from afield.cli.lazy import LazyGroup
from afield.cli.session import global_options


@click.group(
    "decision",
    cls=LazyGroup,
    table=DECISION_COMMANDS,
    default="new",
    subcommand_metavar="TITLE | COMMAND …",
    invoke_without_command=True,
)
@global_options
@click.pass_context
def command(context: click.Context) -> None:
    """Write decisions down, have them commented on, settle them.

    \b
      afield decide "Train on the split of November" --evidence run:brisk-otter --way one-way
      afield decision propose 7f3k --for 8
      afield decision settle 7f3k accepted "nobody objects"
    """  # noqa: D301 - click reads the backspace
    if context.invoked_subcommand is None:
        click.echo(context.get_help())
