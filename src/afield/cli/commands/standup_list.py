"""`afield standup list`: stand-ups, a line each."""

from __future__ import annotations

import click

from afield.cli.output import emit_json
from afield.cli.session import global_options, session_of


@click.command("list")
@click.argument("who", required=False)
@click.option("--day", metavar="DAY", help="Of theirs: 2026-11-23.")
@click.option("--limit", type=click.IntRange(1), default=30, help="How many; the newest.")
@global_options
@click.pass_context
def command(context: click.Context, *, who: str | None, day: str | None, limit: int) -> None:
    """List stand-ups, the newest day first: everybody's, or those of WHO."""
    from afield.cli.standup_view import standup_row
    from afield.workspace.team.people import find_member
    from afield.workspace.team.standups import standup_part, standups

    session = session_of(context)
    workspace = session.workspace()
    workspace.refresh()
    member = None if who is None else find_member(workspace, who)
    found = standups(workspace, member=member, day=day)[:limit]
    parts = [standup_part(workspace, one) for one in found]
    if session.json:
        emit_json({"schema": "afield.standups/1", "standups": parts})
        return
    for part in parts:
        click.echo(standup_row(part))
    if not parts:
        click.echo("no stand-up is here")
