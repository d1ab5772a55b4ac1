"""`afield page edit`: change its text, who looks after it, or until when it holds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from afield.cli.page_view import do, text_of
from afield.cli.session import global_options, session_of

if TYPE_CHECKING:
    from afield.teamwork.query import Item
    from afield.workspace.workspace import Workspace


@click.command("edit")
@click.argument("page")
@click.option("--file", metavar="FILE", help="Its whole text; `-` is stdin, $EDITOR if not said.")
@click.option("--title", metavar="TEXT", help="Call it otherwise.")
@click.option("--owner", metavar="WHO", help="Let somebody else look after it.")
@click.option("--review-by", "review", metavar="DAY", help="Until when it holds; `none`: for good.")
@global_options
@click.pass_context
def command(
    context: click.Context,
    *,
    page: str,
    file: str | None,
    title: str | None,
    owner: str | None,
    review: str | None,
) -> None:
    """Edit PAGE. A paragraph that two changed apart stands twice, between marks: choose."""
    from afield.workspace.team.pages import edit_page, page_text, set_page
    from afield.workspace.team.people import find_member

    session = session_of(context)

    def act(workspace: Workspace, item: Item) -> Item:
        values: dict[str, Any] = {}
        if title is not None:
            values["title"] = title
        if owner is not None:
            values["owner"] = find_member(workspace, owner)
        if review is not None:
            values["review"] = None if review == "none" else review
        if values:
            item = set_page(workspace, item, values)
        if file is None and values:
            return item
        stands = page_text(workspace, item)
        text = text_of(session, file, stands.text)
        return edit_page(workspace, item, text, base=[one.place_text for one in stands.heads])

    do(session, page, act)
