"""`afield hours zone`: in which zone one is."""

from __future__ import annotations

import click

from afield.cli.output import emit_json
from afield.cli.session import global_options, session_of


@click.command("zone")
@click.argument("zone")
@click.option("--from", "since", default=None, metavar="DAY", help="From this day on.")
@global_options
@click.pass_context
def command(context: click.Context, *, zone: str, since: str | None) -> None:
    """Say in which time zone you are: `Europe/Berlin`; with `--from`, when you travel."""
    from afield.cli.hours_view import day_of, tell_hours
    from afield.workspace.team.hours import hours_part, set_zone

    session = session_of(context)
    workspace = session.workspace()
    workspace.refresh()
    set_zone(workspace, zone, day_of(since))
    part = hours_part(workspace, workspace.config.member)
    if session.json:
        emit_json({"schema": "afield.hours/1", **part})
        return
    tell_hours(part)
