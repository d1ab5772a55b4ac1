"""`afield page`: Markdown that many edit; its commands are files beside it."""

from __future__ import annotations

import click

from afield.cli.catalog import PAGE_COMMANDS
from afield.cli.lazy import LazyGroup
from afield.cli.session import global_options

HELP = """\
Write pages together: what is edited apart is merged by paragraph.

\b
  afield page "How we label" --file label.md --review-by 2027-03-01
  afield page edit 7f3k                  # in $EDITOR; or --file FILE
  afield page check                      # what is to be looked at again, and broken links
"""


@click.group(
    "page",
    cls=LazyGroup,
    table=PAGE_COMMANDS,
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
