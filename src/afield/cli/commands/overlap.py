"""`afield overlap`: when people can meet, what it costs whom, and when nobody is there."""

from __future__ import annotations

import click

from afield.cli.output import emit_json
from afield.cli.session import global_options, session_of

_DAY_MS = 24 * 3_600_000


@click.command("overlap")
@click.argument("who", nargs=-1)
@click.option("--minutes", default=30, show_default=True, help="How long it takes.")
@click.option("--from", "start", metavar="TIME", help="From when on; now, if not said.")
@click.option("--days", default=7, show_default=True, help="How far ahead.")
@global_options
@click.pass_context
def command(
    context: click.Context, *, who: tuple[str, ...], minutes: int, start: str | None, days: int
) -> None:
    """Find times at which WHO (everybody, if not said) can meet.

    First those in everybody's working hours, then those that cost least outside them; of these,
    those that cost whom earlier meetings cost least. Says where clocks change in between, and how
    much of the time somebody is at work.
    """
    from afield.cli.meeting_view import overlap_lines
    from afield.workspace.team.due import instant_ms
    from afield.workspace.team.overlap import overlap_part
    from afield.workspace.team.people import find_member

    session = session_of(context)
    workspace = session.workspace()
    workspace.refresh()
    members = [find_member(workspace, one) for one in who]
    now_ms = workspace.record.now_ms()
    start_ms = now_ms if start is None else instant_ms(workspace, workspace.config.member, start)
    part = overlap_part(workspace, members, start_ms, start_ms + days * _DAY_MS, minutes)
    if session.json:
        emit_json({"schema": "afield.overlap/1", **part})
        return
    for line in overlap_lines(part, session.now()):
        click.echo(line)
