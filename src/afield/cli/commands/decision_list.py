"""`afield decision list`: what was decided, and what is open."""

from __future__ import annotations

import click

from afield.cli.output import emit_json
from afield.cli.session import global_options, session_of

_STATES = ("draft", "proposed", "accepted", "rejected", "withdrawn", "superseded")


@click.command("list")
@click.option("--state", type=click.Choice(_STATES), help="Only those in one state.")
@global_options
@click.pass_context
def command(context: click.Context, *, state: str | None) -> None:
    """List decisions, the newest first."""
    from afield.cli.decision_view import decision_row
    from afield.workspace.team.decisions import decision_part, decisions

    session = session_of(context)
    workspace = session.workspace()
    workspace.refresh()
    rows = [decision_part(workspace, one) for one in decisions(workspace, state=state)]
    if session.json:
        emit_json({"schema": "afield.decision-list/1", "decisions": rows})
        return
    for row in rows:
        click.echo(decision_row(row))
    if not rows:
        click.echo("no decisions")
