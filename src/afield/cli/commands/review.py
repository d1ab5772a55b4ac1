"""`afield review`: who looks at what, what they found; its commands are files beside it."""

from __future__ import annotations

import click

from afield.cli.catalog import REVIEW_COMMANDS
from afield.cli.lazy import LazyGroup
from afield.cli.session import global_options


@click.group(
    "review",
    cls=LazyGroup,
    table=REVIEW_COMMANDS,
    default="new",
    subcommand_metavar="WHAT | COMMAND …",
    invoke_without_command=True,
)
@global_options
@click.pass_context
def command(context: click.Context) -> None:
    """Ask for reviews of runs, code, data and models, and say what you found.

    \b
      afield review run:brisk-otter --by ada --due 4h
      afield review suggest run:brisk-otter
      afield review judge 7f3k request-changes "no seed is set"
    """  # noqa: D301 - click reads the backspace
    if context.invoked_subcommand is None:
        click.echo(context.get_help())
