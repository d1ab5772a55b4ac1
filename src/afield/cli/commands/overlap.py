"""`afield overlap`: when people can meet, what it costs whom, and when nobody is there."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import click

from afield.cli.hours_view import day_of
from afield.cli.output import emit_json
from afield.cli.session import global_options, session_of

if TYPE_CHECKING:
    from afield.workspace.workspace import Workspace

_DAY_MS = 24 * 3_600_000
_DAYS = 7


@click.command("overlap")
@click.argument("who", nargs=-1)
@click.option("--minutes", default=30, show_default=True, help="How long it takes.")
@click.option("--from", "start", metavar="TIME", help="From when on; now, if not said.")
@click.option("--days", type=int, help="How far ahead; 7, if not said.")
@click.option("--on", metavar="DATE", help="On that day of yours alone.")
@click.option("--week", metavar="DATE", help="In the week of that day, from its Monday on.")
@click.option("--coverage", is_flag=True, help="Only when somebody is at work, and when nobody.")
@global_options
@click.pass_context
def command(
    context: click.Context,
    *,
    who: tuple[str, ...],
    minutes: int,
    start: str | None,
    days: int | None,
    on: str | None,
    week: str | None,
    coverage: bool,
) -> None:
    """Find times at which WHO (everybody, if not said) can meet.

    First those in everybody's working hours, then those that cost least outside them; of these,
    those that cost whom earlier meetings cost least. Says where clocks change in between, and how
    much of the time somebody is at work.
    """
    from afield.cli.meeting_view import coverage_lines, overlap_lines
    from afield.workspace.team.overlap import overlap_part
    from afield.workspace.team.people import find_member

    session = session_of(context)
    workspace = session.workspace()
    workspace.refresh()
    members = [find_member(workspace, one) for one in who]
    start_ms, end_ms = _window(workspace, start, days, on, week)
    part = overlap_part(workspace, members, start_ms, end_ms, minutes)
    if session.json:
        emit_json({"schema": "afield.overlap/1", **part})
        return
    lines = coverage_lines if coverage else overlap_lines
    for line in lines(part, session.local_now()):
        click.echo(line)


def _window(
    workspace: Workspace, start: str | None, days: int | None, on: str | None, week: str | None
) -> tuple[int, int]:
    """Return from when until when is asked for, by the reader's own clock."""
    from afield.workspace.team.due import instant_ms

    if (on and week) or ((on or week) and (start is not None or days is not None)):
        raise click.UsageError("say one of --on, --week, and --from with --days")
    member = workspace.config.member
    if on or week:
        first = day_of(on or week)
        if week:
            first -= timedelta(days=first.weekday())
        try:
            last = first + timedelta(days=7 if week else 1)
        except OverflowError as error:
            raise click.UsageError(f"too late a day: `{on or week}`") from error
        return (
            instant_ms(workspace, member, first.isoformat()),
            instant_ms(workspace, member, last.isoformat()),
        )
    start_ms = instant_ms(workspace, member, start) if start else workspace.record.now_ms()
    return start_ms, start_ms + (_DAYS if days is None else days) * _DAY_MS
