"""`afield ask list`: what is asked of people, and not closed."""

from __future__ import annotations

import click

from afield.cli.output import emit_json
from afield.cli.session import global_options, session_of


@click.command("list")
@click.option("--to", "to", default=None, metavar="WHO", help="Asked of this person; `me`.")
@click.option("--by", "author", default=None, metavar="WHO", help="Asked by this person; `me`.")
@click.option("--closed", is_flag=True, help="Also those that are closed.")
@global_options
@click.pass_context
def command(context: click.Context, *, to: str | None, author: str | None, closed: bool) -> None:
    """List what is asked, the newest first."""
    from afield.cli.team_view import tell_asks
    from afield.workspace.team.asks import ask_part, asks
    from afield.workspace.team.people import find_member

    session = session_of(context)
    workspace = session.workspace()
    workspace.refresh()
    found = asks(
        workspace,
        to=None if to is None else find_member(workspace, to),
        author=None if author is None else find_member(workspace, author),
        closed=closed,
    )
    parts = [ask_part(workspace, one) for one in found]
    if session.json:
        emit_json({"schema": "afield.asks/1", "asks": parts})
        return
    if not parts:
        click.echo("nothing is asked")
        click.echo('hint: afield ask ada "Which split did you train on?"', err=True)
        return
    tell_asks(workspace, parts)
