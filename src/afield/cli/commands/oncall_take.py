"""`afield oncall take`: agree to be woken."""

from __future__ import annotations

import click

from afield.cli.output import emit_json
from afield.cli.session import global_options, session_of


@click.command("take")
@click.argument("start", metavar="FROM")
@click.argument("end", metavar="UNTIL")
@global_options
@click.pass_context
def command(context: click.Context, *, start: str, end: str) -> None:
    """Agree to be woken from FROM until UNTIL, by your wall clock: 2026-11-28T18:00, or `now`."""
    from afield.cli.standup_view import turn_lines
    from afield.workspace.team.due import instant_ms
    from afield.workspace.team.oncall import take_call, turn_part

    session = session_of(context)
    workspace = session.writing("team.write")
    workspace.refresh()
    member = workspace.config.member
    from_ms = workspace.record.now_ms() if start == "now" else instant_ms(workspace, member, start)
    item = take_call(workspace, from_ms, instant_ms(workspace, member, end))
    part = turn_part(workspace, item)
    if session.json:
        emit_json({"schema": "afield.oncall/1", "turns": [part]})
        return
    for line in turn_lines(workspace, [part], session.local_now()):
        click.echo(line)
