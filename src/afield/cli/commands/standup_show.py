"""`afield standup show`: what somebody said of a day."""

from __future__ import annotations

import click

from afield.cli.output import emit_json
from afield.cli.session import global_options, session_of


@click.command("show")
@click.argument("who", default="me")
@click.option("--day", metavar="DAY", help="Of theirs: 2026-11-23; the newest, if not said.")
@global_options
@click.pass_context
def command(context: click.Context, *, who: str, day: str | None) -> None:
    """Show the stand-ups of WHO, of their newest day or of one that is named.

    WHO is a member, or the id of a stand-up.
    """
    from afield.cli.standup_view import standup_lines
    from afield.kernel.errors import NotFound
    from afield.teamwork.sorts.standup import STANDUP
    from afield.workspace.team.items import find_item
    from afield.workspace.team.people import find_member
    from afield.workspace.team.standups import standup_part, standups

    session = session_of(context)
    workspace = session.workspace()
    workspace.refresh()
    try:
        found = standups(workspace, member=find_member(workspace, who), day=day)
        shown = [one for one in found if one.get("day") == found[0].get("day")]
    except NotFound:
        shown = [find_item(workspace, STANDUP, who)]
    parts = [standup_part(workspace, one) for one in shown]
    if session.json:
        emit_json({"schema": "afield.standups/1", "standups": parts})
        return
    for part in parts:
        for line in standup_lines(part, session.local_now()):
            click.echo(line)
    if not parts:
        click.echo("no stand-up of theirs is here")
