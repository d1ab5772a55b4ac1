"""`afield review show`: one review, with its verdicts and comments."""

from __future__ import annotations

import click

from afield.cli.output import emit_json
from afield.cli.session import global_options, session_of


@click.command("show")
@click.argument("review")
@global_options
@click.pass_context
def command(context: click.Context, *, review: str) -> None:
    """Show REVIEW: who is asked, by when, what they found, and comments with their anchors."""
    from afield.cli.review_view import review_lines
    from afield.teamwork.sorts.review import REVIEW
    from afield.workspace.team.items import find_item
    from afield.workspace.team.reviews import review_part

    session = session_of(context)
    workspace = session.workspace()
    workspace.refresh()
    part = review_part(workspace, find_item(workspace, REVIEW, review))
    if session.json:
        emit_json({"schema": "afield.review/1", **part})
        return
    for line in review_lines(part, session.local_now()):
        click.echo(line)
