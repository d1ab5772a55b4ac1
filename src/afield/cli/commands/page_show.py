"""`afield page show`: one page."""

from __future__ import annotations

import click

from afield.cli.page_view import tell
from afield.cli.session import global_options, session_of


@click.command("show")
@click.argument("page")
@click.option("--raw", is_flag=True, help="Its text alone.")
@global_options
@click.pass_context
def command(context: click.Context, *, page: str, raw: bool) -> None:
    """Show PAGE: its text, what it links to, and what names it."""
    from afield.teamwork.sorts.page import PAGE
    from afield.workspace.team.items import find_item
    from afield.workspace.team.pages import page_text

    session = session_of(context)
    workspace = session.workspace()
    workspace.refresh()
    item = find_item(workspace, PAGE, page)
    if raw:
        click.echo(page_text(workspace, item).text)
        return
    tell(session, workspace, item)
