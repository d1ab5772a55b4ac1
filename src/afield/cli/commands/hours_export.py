"""`afield hours export`: shifts, leave, turns on call and meetings for a calendar."""

from __future__ import annotations

from pathlib import Path

import click

from afield.cli.output import emit_json
from afield.cli.session import global_options, session_of
from afield.kernel.errors import Usage


@click.command("export")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--who", default="me", metavar="WHO", help="Whose; yours, if not said.")
@click.option("--days", default=60, show_default=True, help="How far ahead.")
@global_options
@click.pass_context
def command(context: click.Context, *, file: Path, who: str, days: int) -> None:
    """Write the iCalendar FILE with shifts, leave, turns on call and meetings ahead."""
    from afield.workspace.team.ics import export_ics
    from afield.workspace.team.people import find_member

    session = session_of(context)
    workspace = session.workspace()
    workspace.refresh()
    data = export_ics(workspace, find_member(workspace, who), days)
    try:
        file.expanduser().write_bytes(data)
    except OSError as error:
        raise Usage("cannot write the calendar", file, str(error)) from error
    events = data.count(b"BEGIN:VEVENT")
    if session.json:
        emit_json({"schema": "afield.hours-export/1", "file": str(file), "events": events})
    else:
        click.echo(f"{events} events in {file}")
