"""`afield review WHAT`: ask for a review."""

from __future__ import annotations

import click

from afield.cli.output import emit_json
from afield.cli.session import global_options, session_of


@click.command("new")
@click.argument("what")
@click.option("--by", "reviewers", multiple=True, metavar="WHO", help="Who is to look; again.")
@click.option("--title", default="", help="On one line.")
@click.option("--detail", default="", help="What to look at.")
@click.option("--against", metavar="RUN", help="The run with whose code it is compared.")
@click.option("--due", metavar="WHEN", help="In their working time: 4h, 2d, 2026-12-01.")
@global_options
@click.pass_context
def command(
    context: click.Context,
    *,
    what: str,
    reviewers: tuple[str, ...],
    title: str,
    detail: str,
    against: str | None,
    due: str | None,
) -> None:
    """Ask for a review of WHAT: run:NAME, data:NAME@3, model:NAME@2; with --against, of its code.

    Without --by, who knows it and starts soonest is asked.
    """
    from afield.cli.review_view import review_lines
    from afield.workspace.team.expertise import suggested
    from afield.workspace.team.links import link_to
    from afield.workspace.team.people import find_member
    from afield.workspace.team.reviews import ask_review, review_part

    session = session_of(context)
    workspace = session.writing("team.write")
    workspace.refresh()
    about = link_to(workspace, what)
    members = [find_member(workspace, one) for one in reviewers]
    if not members:
        members = [
            one.member for one in suggested(workspace, about, but={workspace.config.member})[:1]
        ]
    item = ask_review(
        workspace,
        about,
        members,
        title=title,
        detail=detail,
        against=None if against is None else link_to(workspace, against),
        due=due,
    )
    part = review_part(workspace, item)
    if session.json:
        emit_json({"schema": "afield.review/1", **part})
        return
    for line in review_lines(part, session.local_now()):
        click.echo(line)
