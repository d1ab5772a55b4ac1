"""`afield decision show`: one decision, with what was said."""

from __future__ import annotations

import click

from afield.cli.output import emit_json
from afield.cli.session import global_options, session_of


@click.command("show")
@click.argument("decision")
@global_options
@click.pass_context
def command(context: click.Context, *, decision: str) -> None:
    """Show DECISION: its fields, evidence, who still has time to comment, what was said."""
    from afield.cli.decision_view import decision_lines
    from afield.teamwork.sorts.decision import DECISION
    from afield.workspace.team.decisions import decision_part
    from afield.workspace.team.items import find_item

    session = session_of(context)
    workspace = session.workspace()
    workspace.refresh()
    part = decision_part(workspace, find_item(workspace, DECISION, decision))
    if session.json:
        emit_json({"schema": "afield.decision/1", **part})
        return
    for line in decision_lines(part, session.local_now()):
        click.echo(line)
