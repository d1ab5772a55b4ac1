"""`afield page list`: pages, the newest touched first."""

from __future__ import annotations

import click

from afield.cli.output import emit_json
from afield.cli.session import global_options, session_of


@click.command("list")
@global_options
@click.pass_context
def command(context: click.Context) -> None:
    """List the pages, the newest touched first."""
    from afield.cli.page_view import page_row
    from afield.workspace.team.pages import page_part, pages

    session = session_of(context)
    workspace = session.workspace()
    workspace.refresh()
    parts = [page_part(workspace, one) for one in pages(workspace)]
    if session.json:
        emit_json({"schema": "afield.pages/1", "pages": parts})
        return
    for part in parts:
        click.echo(page_row(part, session.local_now()))
    if not parts:
        click.echo("no page is written yet")
