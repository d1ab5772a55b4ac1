"""`afield review list`: what waits for a review."""

from __future__ import annotations

import click

from afield.cli.output import emit_json
from afield.cli.session import global_options, session_of


@click.command("list")
@click.option("--by", "reviewer", metavar="WHO", help="Only what waits for them; `me`.")
@click.option("--about", metavar="WHAT", help="Only reviews of this.")
@click.option("--all", "closed", is_flag=True, help="Those that are over, too.")
@global_options
@click.pass_context
def command(
    context: click.Context, *, reviewer: str | None, about: str | None, closed: bool
) -> None:
    """List reviews that are open, the newest first."""
    from afield.cli.review_view import review_row
    from afield.workspace.team.links import link_to
    from afield.workspace.team.people import find_member
    from afield.workspace.team.reviews import review_part, reviews

    session = session_of(context)
    workspace = session.workspace()
    workspace.refresh()
    found = reviews(
        workspace,
        reviewer=None if reviewer is None else find_member(workspace, reviewer),
        about=None if about is None else link_to(workspace, about),
        closed=closed,
    )
    rows = [review_part(workspace, one) for one in found]
    if session.json:
        emit_json({"schema": "afield.review-list/1", "reviews": rows})
        return
    for row in rows:
        click.echo(review_row(row))
    if not rows:
        click.echo("no reviews")
