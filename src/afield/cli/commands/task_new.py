"""`afield task TITLE`: write a task down."""

from __future__ import annotations

import click

from afield.cli.output import emit_json
from afield.cli.session import global_options, session_of


@click.command("new")
@click.argument("title", nargs=-1, required=True)
@click.option("--detail", default="", help="What there is to know for it.")
@click.option("--owner", default="me", metavar="WHO", help="Who is to do it; you, if not said.")
@click.option("--due", metavar="WHEN", help="In their working time: 4h, 2d, 2026-12-01.")
@click.option("--important", is_flag=True, help="It matters beyond this week.")
@click.option("--urgent", is_flag=True, help="It cannot wait; what is due soon counts so anyway.")
@click.option("--part-of", metavar="TASK", help="The task that it is a part of.")
@click.option("--about", multiple=True, metavar="WHAT", help="run:NAME, data:NAME@3, …; again.")
@global_options
@click.pass_context
def command(
    context: click.Context,
    *,
    title: tuple[str, ...],
    detail: str,
    owner: str,
    due: str | None,
    important: bool,
    urgent: bool,
    part_of: str | None,
    about: tuple[str, ...],
) -> None:
    """Write down what is to be done, in TITLE."""
    from afield.cli.task_view import task_lines
    from afield.teamwork.sorts.task import TASK
    from afield.workspace.team.due import due_ms
    from afield.workspace.team.items import find_item
    from afield.workspace.team.links import link_to
    from afield.workspace.team.people import find_member
    from afield.workspace.team.tasks import add_task, task_part

    session = session_of(context)
    workspace = session.writing("team.write")
    workspace.refresh()
    member = find_member(workspace, owner)
    values = {
        "detail": detail,
        "owner": member,
        "due": None if due is None else due_ms(workspace, member, due),
        "important": important or None,
        "urgent": urgent or None,
        "part_of": None if part_of is None else find_item(workspace, TASK, part_of).link,
        "about": [link_to(workspace, one) for one in about],
    }
    part = task_part(workspace, add_task(workspace, " ".join(title), values))
    if session.json:
        emit_json({"schema": "afield.task/1", **part})
        return
    for line in task_lines(part, session.local_now()):
        click.echo(line)
