"""`afield task list`: what is to be done."""

from __future__ import annotations

import click

from afield.cli.output import emit_json
from afield.cli.session import global_options, session_of


@click.command("list")
@click.option("--owner", metavar="WHO", help="Only what they are to do; `me`.")
@click.option("--about", metavar="WHAT", help="Only what is about this.")
@click.option("--all", "closed", is_flag=True, help="What is done or dropped, too.")
@global_options
@click.pass_context
def command(context: click.Context, *, owner: str | None, about: str | None, closed: bool) -> None:
    """List open tasks, the newest first."""
    from afield.cli.task_view import task_row
    from afield.workspace.team.links import link_to
    from afield.workspace.team.people import find_member
    from afield.workspace.team.tasks import task_part, tasks

    session = session_of(context)
    workspace = session.workspace()
    workspace.refresh()
    found = tasks(
        workspace,
        owner=None if owner is None else find_member(workspace, owner),
        about=None if about is None else link_to(workspace, about),
        closed=closed,
    )
    rows = [task_part(workspace, one) for one in found]
    if session.json:
        emit_json({"schema": "afield.task-list/1", "tasks": rows})
        return
    for row in rows:
        click.echo(task_row(row, session.local_now()))
    if not rows:
        click.echo("no tasks")
