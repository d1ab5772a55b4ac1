"""`afield review withdraw`: take a review back."""

from __future__ import annotations

import click

from afield.cli.output import emit_json
from afield.cli.session import global_options, session_of


@click.command("withdraw")
@click.argument("review")
@click.argument("text", nargs=-1)
@global_options
@click.pass_context
def command(context: click.Context, *, review: str, text: tuple[str, ...]) -> None:
    """Take REVIEW back: nobody needs to look any more."""
    from afield.cli.review_view import review_lines
    from afield.teamwork.sorts.review import REVIEW
    from afield.workspace.team.items import find_item
    from afield.workspace.team.reviews import review_part, withdraw

    session = session_of(context)
    workspace = session.writing("team.write")
    workspace.refresh()
    item = withdraw(workspace, find_item(workspace, REVIEW, review), text=" ".join(text))
    part = review_part(workspace, item)
    if session.json:
        emit_json({"schema": "afield.review/1", **part})
        return
    for line in review_lines(part, session.local_now()):
        click.echo(line)
