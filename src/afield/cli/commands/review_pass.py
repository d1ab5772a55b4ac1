"""`afield review pass`: have somebody else look."""

from __future__ import annotations

import click

from afield.cli.output import emit_json
from afield.cli.session import global_options, session_of


@click.command("pass")
@click.argument("review")
@click.option("--from", "instead", metavar="WHO", help="Who does not look; you, if not said.")
@click.option("--to", metavar="WHO", help="Who does; if not said, who knows it and starts soonest.")
@click.option("--also", is_flag=True, help="Nobody is relieved: one more is asked.")
@click.option("--due", metavar="WHEN", help="In their working time: 4h, 2d, 2026-12-01.")
@click.option("--why", "text", default="", help="Why.")
@global_options
@click.pass_context
def command(
    context: click.Context,
    *,
    review: str,
    instead: str | None,
    to: str | None,
    also: bool,
    due: str | None,
    text: str,
) -> None:
    """Have somebody else look at REVIEW in place of who is away or declines."""
    from afield.cli.review_view import review_lines
    from afield.teamwork.sorts.review import REVIEW
    from afield.workspace.team.items import find_item
    from afield.workspace.team.people import find_member
    from afield.workspace.team.reviews import ask_also, review_part, stand_in

    session = session_of(context)
    workspace = session.writing("team.write")
    workspace.refresh()
    item = find_item(workspace, REVIEW, review)
    member = stand_in(workspace, item) if to is None else find_member(workspace, to)
    relieved = None if also else find_member(workspace, instead or "me")
    item = ask_also(workspace, item, member, instead=relieved, text=text, due=due)
    part = review_part(workspace, item)
    if session.json:
        emit_json({"schema": "afield.review/1", **part})
        return
    for line in review_lines(part, session.local_now()):
        click.echo(line)
