"""`afield blocker clear`: say that something is out of the way."""

from __future__ import annotations

import click

from afield.cli.output import emit_json
from afield.cli.session import global_options, session_of


@click.command("clear")
@click.argument("blocker")
@click.argument("text", nargs=-1)
@global_options
@click.pass_context
def command(context: click.Context, *, blocker: str, text: tuple[str, ...]) -> None:
    """Say that BLOCKER is out of the way, and how."""
    from afield.cli.team_view import tell_blockers
    from afield.teamwork.sorts.blocker import BLOCKER
    from afield.workspace.team.blockers import blocker_part, clear
    from afield.workspace.team.items import find_item

    session = session_of(context)
    workspace = session.writing("team.write")
    workspace.refresh()
    found = clear(workspace, find_item(workspace, BLOCKER, blocker), " ".join(text))
    part = blocker_part(workspace, found)
    if session.json:
        emit_json({"schema": "afield.blocker/1", **part})
        return
    tell_blockers(workspace, [part])
