"""`afield page history`: who edited a page, and from what."""

from __future__ import annotations

import click

from afield.cli.output import emit_json, plain
from afield.cli.session import global_options, session_of


@click.command("history")
@click.argument("page")
@global_options
@click.pass_context
def command(context: click.Context, *, page: str) -> None:
    """List the edits of PAGE, the oldest first."""
    from afield.cli.when import when
    from afield.teamwork.sorts.page import PAGE
    from afield.workspace.team.items import find_item
    from afield.workspace.team.pages import page_part

    session = session_of(context)
    workspace = session.workspace()
    workspace.refresh()
    part = page_part(workspace, find_item(workspace, PAGE, page))
    if session.json:
        emit_json({"schema": "afield.page-history/1", "history": part["history"]})
        return
    numbers = {one["place"]: number for number, one in enumerate(part["history"], 1)}
    for one in part["history"]:
        base = ", ".join(str(numbers.get(place, "?")) for place in one["base"])
        after = f"  from {base}" if base else ""
        said = when(one["at_ms"], session.local_now())
        number = numbers[one["place"]]
        click.echo(plain(f"{number:>3}  {one['by']}  {said}{after}  {one['chars']} characters"))
