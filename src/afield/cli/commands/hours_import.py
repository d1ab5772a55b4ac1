"""`afield hours import`: days off out of a calendar."""

from __future__ import annotations

from pathlib import Path

import click

from afield.cli.output import emit_json
from afield.cli.session import global_options, session_of
from afield.kernel.errors import Usage


@click.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--titles", is_flag=True, help="Keep what events are called, for all to read.")
@global_options
@click.pass_context
def command(context: click.Context, *, file: Path, titles: bool) -> None:
    """Take the days off in the iCalendar FILE as your leave; what is known is not taken again.

    What was moved or called off since the last time is so here, too.

    Days off that repeat are taken for a year ahead.
    """
    from afield.workspace.team.ics import import_ics

    session = session_of(context)
    try:
        data = file.expanduser().read_bytes()
    except OSError as error:
        raise Usage("cannot read the calendar", file, str(error)) from error
    workspace = session.workspace()
    workspace.refresh()
    found = import_ics(workspace, data, titles=titles)
    if session.json:
        emit_json({"schema": "afield.hours-import/1", **found._asdict()})
        return
    click.echo(
        f"{found.new} days off are new, {found.known} were known;"
        f" {found.passed_over} events are no days off"
    )
    if found.changed or found.called_off:
        click.echo(f"{found.changed} are on other days now, {found.called_off} were called off")
    if found.repeating:
        click.echo(f"{found.repeating} repeat: they were taken for a year ahead", err=True)
