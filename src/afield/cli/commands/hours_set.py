"""`afield hours set`: when one works."""

from __future__ import annotations

import click

from afield.cli.output import emit_json
from afield.cli.session import global_options, session_of


@click.command("set")
@click.argument("rules", nargs=-1, required=True)
@click.option("--from", "since", default=None, metavar="DAY", help="From this day on.")
@global_options
@click.pass_context
def command(context: click.Context, *, rules: tuple[str, ...], since: str | None) -> None:
    """Say when you work: `Mon-Fri 09:00-17:30`, `Fri 22:00-02:00`, or `none`."""
    from afield.cli.hours_view import day_of, tell_hours
    from afield.workspace.team.hours import hours_part, set_hours

    session = session_of(context)
    workspace = session.workspace()
    workspace.refresh()
    set_hours(workspace, rules, day_of(since))
    part = hours_part(workspace, workspace.config.member)
    if session.json:
        emit_json({"schema": "afield.hours/1", **part})
        return
    tell_hours(part)
