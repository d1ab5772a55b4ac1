"""`afield decision propose`: ask for comments."""

from __future__ import annotations

import click

from afield.cli.output import emit_json
from afield.cli.session import global_options, session_of


@click.command("propose")
@click.argument("decision")
@click.argument("text", nargs=-1)
@click.option("--for", "hours", default=8.0, show_default=True, help="Working hours of each.")
@global_options
@click.pass_context
def command(context: click.Context, *, decision: str, text: tuple[str, ...], hours: float) -> None:
    """Ask deciders and who is consulted what they think of DECISION.

    Each one's time runs in their own working hours; `afield comment decision:ID` says something.
    """
    from afield.cli.decision_view import decision_lines
    from afield.teamwork.sorts.decision import DECISION
    from afield.workspace.team.decisions import decision_part, propose
    from afield.workspace.team.items import find_item

    session = session_of(context)
    workspace = session.writing("team.write")
    workspace.refresh()
    item = find_item(workspace, DECISION, decision)
    item = propose(workspace, item, minutes=round(hours * 60), text=" ".join(text))
    part = decision_part(workspace, item)
    if session.json:
        emit_json({"schema": "afield.decision/1", **part})
        return
    for line in decision_lines(part, session.local_now()):
        click.echo(line)
