"""`afield task reopen`: open a task again."""

from __future__ import annotations

import click

from afield.cli.output import emit_json
from afield.cli.session import global_options, session_of


@click.command("reopen")
@click.argument("task")
@click.argument("text", nargs=-1)
@global_options
@click.pass_context
def command(context: click.Context, *, task: str, text: tuple[str, ...]) -> None:
    """Open TASK again."""
    from afield.cli.task_view import task_lines
    from afield.teamwork.sorts.task import TASK
    from afield.workspace.team.items import find_item
    from afield.workspace.team.tasks import reopen, task_part

    session = session_of(context)
    workspace = session.writing("team.write")
    workspace.refresh()
    item = reopen(workspace, find_item(workspace, TASK, task), text=" ".join(text))
    part = task_part(workspace, item)
    if session.json:
        emit_json({"schema": "afield.task/1", **part})
        return
    for line in task_lines(part, session.local_now()):
        click.echo(line)
