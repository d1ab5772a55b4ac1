"""`afield restore`: bring deleted runs back into sight."""

from __future__ import annotations

import click

from afield.cli.arguments import RUN
from afield.cli.commands.delete import set_deleted
from afield.cli.session import global_options, session_of


@click.command("restore")
@click.argument("runs", type=RUN, nargs=-1, required=True)
@global_options
@click.pass_context
def command(context: click.Context, runs: tuple[str, ...]) -> None:
    """Bring deleted RUNS back (`afield runs --deleted` lists them)."""
    set_deleted(session_of(context), runs, deleted=False)
