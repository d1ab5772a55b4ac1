"""`afield hours focus`: when one is not to be disturbed."""

from __future__ import annotations

import click

from afield.cli.output import emit_json
from afield.cli.session import global_options, session_of


@click.command("focus")
@click.argument("rules", nargs=-1, required=True)
@click.option("--from", "since", default=None, metavar="DAY", help="From this day on.")
@global_options
@click.pass_context
def command(context: click.Context, *, rules: tuple[str, ...], since: str | None) -> None:
    """Say when you are not to be disturbed: `Tue,Thu 09:00-11:00`, or `none`."""
    from afield.cli.hours_view import day_of, tell_hours
    from afield.workspace.team.hours import hours_part, set_focus

    session = session_of(context)
    workspace = session.workspace()
    workspace.refresh()
    set_focus(workspace, rules, day_of(since))
    part = hours_part(workspace, workspace.config.member)
    if session.json:
        emit_json({"schema": "afield.hours/1", **part})
        return
    tell_hours(part)
