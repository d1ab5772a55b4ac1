"""`afield hours leave`: when one is away."""

from __future__ import annotations

import click

from afield.cli.output import emit_json
from afield.cli.session import global_options, session_of


@click.command("leave")
@click.argument("first", required=False)
@click.argument("last", required=False)
@click.option("--note", default="", help="What for; colleagues see it.")
@click.option("--cancel", default=None, metavar="ID", help="Take a leave back.")
@global_options
@click.pass_context
def command(
    context: click.Context, *, first: str | None, last: str | None, note: str, cancel: str | None
) -> None:
    """Say that you are away from FIRST to LAST, both included; `--cancel` takes it back."""
    from afield.cli.hours_view import day_of, tell_hours
    from afield.workspace.team.hours import cancel_leave, hours_part, take_leave

    session = session_of(context)
    workspace = session.workspace()
    workspace.refresh()
    if cancel is not None:
        cancel_leave(workspace, cancel)
    elif first is None:
        raise click.UsageError("from which day? afield hours leave 2026-12-24 2027-01-02")
    else:
        take_leave(workspace, day_of(first), day_of(last or first), note)
    part = hours_part(workspace, workspace.config.member)
    if session.json:
        emit_json({"schema": "afield.hours/1", **part})
        return
    tell_hours(part)
