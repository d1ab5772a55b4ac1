"""`afield task matrix`: what to do first."""

from __future__ import annotations

import click

from afield.cli.output import emit_json
from afield.cli.session import global_options, session_of


@click.command("matrix")
@click.option("--owner", default="me", metavar="WHO", help="Whose; yours, if not said.")
@global_options
@click.pass_context
def command(context: click.Context, *, owner: str) -> None:
    """Show open tasks by what is urgent (or due within two working days) and what is important."""
    from afield.cli.task_view import matrix_lines
    from afield.workspace.team.people import find_member
    from afield.workspace.team.tasks import matrix, task_part

    session = session_of(context)
    workspace = session.workspace()
    workspace.refresh()
    member = find_member(workspace, owner)
    found = {
        name: [task_part(workspace, one) for one in some]
        for name, some in matrix(workspace, member).items()
    }
    if session.json:
        emit_json({"schema": "afield.task-matrix/1", "owner": member, "matrix": found})
        return
    for line in matrix_lines(found, session.local_now()):
        click.echo(line)
