"""`afield handover accept`: take lines over, in your own words."""

from __future__ import annotations

import click

from afield.cli.handing import do
from afield.cli.session import global_options, session_of


@click.command("accept")
@click.argument("handover")
@click.argument("synthesis", nargs=-1)
@click.option("--line", "lines", type=int, multiple=True, help="Only this line; again.")
@global_options
@click.pass_context
def command(
    context: click.Context, *, handover: str, synthesis: tuple[str, ...], lines: tuple[int, ...]
) -> None:
    """Take HANDOVER over: SYNTHESIS says in your words what you do now.

    Only then is what its lines are about yours.
    """
    from afield.cli.team_view import said
    from afield.workspace.team.taking import accept

    session = session_of(context)
    words = said(session, synthesis, "in your own words what you take over")
    do(session, handover, lambda workspace, item: accept(workspace, item, words, numbers=lines))
