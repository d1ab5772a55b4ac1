"""`afield handover fill`: what a person knows of a line."""

from __future__ import annotations

import click

from afield.cli.handing import do
from afield.cli.handover_options import LINE, line_values
from afield.cli.session import global_options, session_of


@click.command("fill")
@click.argument("handover")
@click.argument("line", type=int)
@LINE
@global_options
@click.pass_context
def command(context: click.Context, /, *, handover: str, line: int, **given: str | None) -> None:
    """Say of LINE of the draft HANDOVER how it is, and what to do if.

    Lines to watch and unstable ones need --assessment, --if or --when, --then and --call.
    """
    from afield.workspace.team.handovers import fill

    session = session_of(context)
    do(
        session,
        handover,
        lambda workspace, item: fill(workspace, item, line, line_values(workspace, given)),
    )
