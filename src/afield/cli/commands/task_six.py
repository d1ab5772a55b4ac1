"""`afield task six`: the six for a day."""

from __future__ import annotations

import click

from afield.cli.output import emit_json
from afield.cli.session import global_options, session_of


@click.command("six")
@click.argument("tasks", nargs=-1)
@click.option("--day", metavar="DAY", help="2026-12-01; your next working day, if not said.")
@global_options
@click.pass_context
def command(context: click.Context, *, tasks: tuple[str, ...], day: str | None) -> None:
    """Choose at most six TASKS for a day, the most important first; without any, show them."""
    from afield.cli.task_view import six_lines
    from afield.teamwork.sorts.task import TASK
    from afield.workspace.team.items import find_item
    from afield.workspace.team.tasks import choose_six, next_day, six, task_part

    session = session_of(context)
    workspace = session.writing("team.write") if tasks else session.workspace()
    workspace.refresh()
    me = workspace.config.member
    on = day or next_day(workspace, me)
    if tasks:
        found = choose_six(workspace, on, [find_item(workspace, TASK, one) for one in tasks])
    else:
        found = six(workspace, me, on)
    rows = [task_part(workspace, one) for one in found]
    if session.json:
        emit_json({"schema": "afield.task-six/1", "day": on, "tasks": rows})
        return
    for line in six_lines(rows, on, session.local_now()):
        click.echo(line)
