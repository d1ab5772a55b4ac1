"""`afield hours import`: days off and busy times out of a calendar."""

from __future__ import annotations

from pathlib import Path

import click

from afield.cli.output import emit_json
from afield.cli.session import global_options, session_of
from afield.cli.words import count
from afield.kernel.errors import Usage


@click.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--titles", is_flag=True, help="Keep what days off are called, for all to read.")
@global_options
@click.pass_context
def command(context: click.Context, *, file: Path, titles: bool) -> None:
    """Take the days off in the iCalendar FILE as your leave, and what makes you busy.

    What was moved, called off or taken out of that calendar since the last time is so here, too.
    Days off that repeat are taken for a year ahead, busy times for three months; colleagues see
    of these that you are busy, not with what.
    """
    from afield.workspace.team.ics import import_ics

    session = session_of(context)
    try:
        data = file.expanduser().read_bytes()
    except OSError as error:
        raise Usage("cannot read the calendar", file, str(error)) from error
    workspace = session.workspace()
    workspace.refresh()
    found = import_ics(workspace, data, titles=titles, file=file.name)
    if session.json:
        emit_json({"schema": "afield.hours-import/1", **found._asdict()})
        return
    click.echo(
        f"{count(found.new, 'time')} off and {count(found.busy, 'busy time')} are new,"
        f" {found.known} were known; {count(found.passed_over, 'event')} passed over"
    )
    if found.changed or found.called_off:
        click.echo(f"{found.changed} are at other times now, {found.called_off} were called off")
    if found.gone:
        click.echo(f"{found.gone} are gone from the calendar, and from here")
    if found.repeating:
        ahead = "days off for a year ahead, busy times for three months"
        click.echo(f"{found.repeating} repeat: taken are {ahead}", err=True)
