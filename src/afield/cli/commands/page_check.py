"""`afield page check`: pages to be looked at again, with conflicts, or with broken links."""

from __future__ import annotations

import click

from afield.cli.output import emit_json, plain
from afield.cli.session import global_options, session_of

EXIT_FOUND = 1


@click.command("check")
@global_options
@click.pass_context
def command(context: click.Context) -> int:
    """Name pages past their day of review, with two versions of a paragraph, or broken links.

    Exit 1 when there are any.
    """
    from afield.cli.page_view import page_row
    from afield.workspace.team.pages import page_part, pages

    session = session_of(context)
    workspace = session.workspace()
    workspace.refresh()
    parts = [page_part(workspace, one) for one in pages(workspace)]
    found = [one for one in parts if one["state"] != "ok" or one["broken"]]
    if session.json:
        emit_json({"schema": "afield.pages/1", "pages": found})
        return EXIT_FOUND if found else 0
    for part in found:
        click.echo(page_row(part, session.local_now()))
        for words in part["broken"]:
            click.echo(plain(f"          nothing here is called {words}"))
    if not found:
        click.echo(f"{len(parts)} pages hold" if parts else "no page is written yet")
    return EXIT_FOUND if found else 0
