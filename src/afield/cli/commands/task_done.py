"""`afield task done`: say that a task is done, or dropped."""

from __future__ import annotations

import click

from afield.cli.output import emit_json
from afield.cli.session import global_options, session_of


@click.command("done")
@click.argument("task")
@click.argument("text", nargs=-1)
@click.option("--dropped", is_flag=True, help="It is not done, and will not be.")
@global_options
@click.pass_context
def command(context: click.Context, *, task: str, text: tuple[str, ...], dropped: bool) -> None:
    """Say that TASK is done."""
    from afield.cli.task_view import task_lines
    from afield.teamwork.sorts.task import TASK
    from afield.workspace.team.items import find_item
    from afield.workspace.team.tasks import finish, task_part

    session = session_of(context)
    workspace = session.writing("team.write")
    workspace.refresh()
    outcome = "dropped" if dropped else "done"
    item = find_item(workspace, TASK, task)
    part = task_part(workspace, finish(workspace, item, outcome=outcome, text=" ".join(text)))
    if session.json:
        emit_json({"schema": "afield.task/1", **part})
        return
    for line in task_lines(part, session.local_now()):
        click.echo(line)
