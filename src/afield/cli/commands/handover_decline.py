"""`afield handover decline`: refuse lines."""

from __future__ import annotations

import click

from afield.cli.handing import do
from afield.cli.session import global_options, session_of


@click.command("decline")
@click.argument("handover")
@click.argument("text", nargs=-1)
@click.option("--line", "lines", type=int, multiple=True, help="Only this line; again.")
@global_options
@click.pass_context
def command(
    context: click.Context, *, handover: str, text: tuple[str, ...], lines: tuple[int, ...]
) -> None:
    """Refuse lines of HANDOVER, and say why; they stay where they are."""
    from afield.cli.team_view import said
    from afield.workspace.team.taking import decline

    session = session_of(context)
    words = said(session, text, "why")
    do(session, handover, lambda workspace, item: decline(workspace, item, words, numbers=lines))
