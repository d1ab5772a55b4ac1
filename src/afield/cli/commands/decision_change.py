"""`afield decision change`: fill in or change a draft."""

from __future__ import annotations

from typing import Any

import click

from afield.cli.decision_options import FIELDS, values_of
from afield.cli.output import emit_json
from afield.cli.session import global_options, session_of


@click.command("change")
@click.argument("decision")
@click.option("--title", default="", help="What is decided, on one line.")
@FIELDS
@global_options
@click.pass_context
def command(context: click.Context, /, *, decision: str, title: str, **given: Any) -> None:
    """Change DECISION while it is not settled; people and links are added."""
    from afield.cli.decision_view import decision_lines
    from afield.teamwork.sorts.decision import DECISION
    from afield.workspace.team.decisions import change, decision_part
    from afield.workspace.team.items import find_item

    session = session_of(context)
    workspace = session.writing("team.write")
    workspace.refresh()
    values = {**values_of(workspace, given), **({"title": title} if title else {})}
    item = change(workspace, find_item(workspace, DECISION, decision), values)
    part = decision_part(workspace, item)
    if session.json:
        emit_json({"schema": "afield.decision/1", **part})
        return
    for line in decision_lines(part, session.local_now()):
        click.echo(line)
