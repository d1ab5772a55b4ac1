"""`afield task change`: change a task."""

from __future__ import annotations

from typing import Any

import click

from afield.cli.output import emit_json
from afield.cli.session import global_options, session_of


@click.command("change")
@click.argument("task")
@click.option("--title", default="", help="What is to be done, on one line.")
@click.option("--detail", default="", help="What there is to know for it.")
@click.option("--owner", metavar="WHO", help="Who is to do it.")
@click.option("--due", metavar="WHEN", help="In the owner's working time; `none`: at no time.")
@click.option("--important/--not-important", default=None, help="Whether it matters for long.")
@click.option("--urgent/--not-urgent", default=None, help="Whether it cannot wait.")
@click.option("--about", multiple=True, metavar="WHAT", help="What it is about, too; again.")
@global_options
@click.pass_context
def command(
    context: click.Context,
    *,
    task: str,
    title: str,
    detail: str,
    owner: str | None,
    due: str | None,
    important: bool | None,
    urgent: bool | None,
    about: tuple[str, ...],
) -> None:
    """Change TASK."""
    from afield.cli.task_view import task_lines
    from afield.teamwork.sorts.task import TASK
    from afield.workspace.team.due import due_ms
    from afield.workspace.team.items import find_item
    from afield.workspace.team.links import link_to
    from afield.workspace.team.people import find_member
    from afield.workspace.team.tasks import change, task_part

    session = session_of(context)
    workspace = session.writing("team.write")
    workspace.refresh()
    item = find_item(workspace, TASK, task)
    member = None if owner is None else find_member(workspace, owner)
    given = {
        "title": title or None,
        "detail": detail or None,
        "owner": member,
        "important": important,
        "urgent": urgent,
        "about": [link_to(workspace, one) for one in about] or None,
    }
    values: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
    if due is not None:
        who = member or item.get("owner") or workspace.config.member
        values["due"] = None if due == "none" else due_ms(workspace, who, due)
    part = task_part(workspace, change(workspace, item, values))
    if session.json:
        emit_json({"schema": "afield.task/1", **part})
        return
    for line in task_lines(part, session.local_now()):
        click.echo(line)
