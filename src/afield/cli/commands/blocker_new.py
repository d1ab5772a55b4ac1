"""`afield blocker TITLE`: say what keeps you from going on."""

from __future__ import annotations

import click

from afield.cli.output import emit_json
from afield.cli.session import global_options, session_of


@click.command("new")
@click.argument("title", nargs=-1, required=True)
@click.option("--owner", default=None, metavar="WHO", help="Who is to clear it; you, if not said.")
@click.option("--about", multiple=True, metavar="WHAT", help="run:NAME, data:NAME@3, …; again.")
@click.option("--project", default="default", help="Where it belongs.")
@global_options
@click.pass_context
def command(
    context: click.Context,
    *,
    title: tuple[str, ...],
    owner: str | None,
    about: tuple[str, ...],
    project: str,
) -> None:
    """Say that TITLE keeps you from going on."""
    from afield.cli.team_view import tell_blockers
    from afield.workspace.team.blockers import block, blocker_part
    from afield.workspace.team.links import link_to
    from afield.workspace.team.people import find_member

    session = session_of(context)
    workspace = session.writing("team.write")
    workspace.refresh()
    item = block(
        workspace,
        " ".join(title),
        owner=None if owner is None else find_member(workspace, owner),
        about=[link_to(workspace, one) for one in about],
        project=project,
    )
    part = blocker_part(workspace, item)
    if session.json:
        emit_json({"schema": "afield.blocker/1", **part})
        return
    tell_blockers(workspace, [part])
