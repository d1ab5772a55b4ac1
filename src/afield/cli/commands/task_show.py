"""`afield task show`: one task, with its parts."""

from __future__ import annotations

import click

from afield.cli.output import emit_json
from afield.cli.session import global_options, session_of


@click.command("show")
@click.argument("task")
@global_options
@click.pass_context
def command(context: click.Context, *, task: str) -> None:
    """Show TASK: what it is, its parts, and what was said."""
    from afield.cli.task_view import task_lines
    from afield.teamwork.sorts.task import TASK
    from afield.workspace.team.items import find_item
    from afield.workspace.team.tasks import task_part

    session = session_of(context)
    workspace = session.workspace()
    workspace.refresh()
    part = task_part(workspace, find_item(workspace, TASK, task))
    if session.json:
        emit_json({"schema": "afield.task/1", **part})
        return
    for line in task_lines(part, session.local_now()):
        click.echo(line)
