"""`afield page TITLE`: write one."""

from __future__ import annotations

import click

from afield.cli.page_view import tell, text_of
from afield.cli.session import global_options, session_of


@click.command("new")
@click.argument("title", nargs=-1, required=True)
@click.option("--file", metavar="FILE", help="Its text; `-` is stdin, $EDITOR if not said.")
@click.option("--owner", metavar="WHO", help="Who looks after it; you, if not said.")
@click.option("--review-by", "review", metavar="DAY", help="Until when it holds: 2027-03-01.")
@click.option("--project", default="default", help="Where it belongs.")
@global_options
@click.pass_context
def command(
    context: click.Context,
    *,
    title: tuple[str, ...],
    file: str | None,
    owner: str | None,
    review: str | None,
    project: str,
) -> None:
    """Write the page TITLE. `run:NAME`, `data:NAME@3`, `decision:ID` in its text are links."""
    from afield.workspace.team.pages import new_page
    from afield.workspace.team.people import find_member

    session = session_of(context)
    workspace = session.writing("team.write")
    workspace.refresh()
    words = " ".join(title)
    item = new_page(
        workspace,
        words,
        text_of(session, file, f"# {words}\n\n"),
        owner=None if owner is None else find_member(workspace, owner),
        review=review,
        project=project,
    )
    tell(session, workspace, item)
