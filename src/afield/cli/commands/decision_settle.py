"""`afield decision settle`: accept, reject or withdraw."""

from __future__ import annotations

import click

from afield.cli.output import emit_json
from afield.cli.session import global_options, session_of


@click.command("settle")
@click.argument("decision")
@click.argument("outcome", type=click.Choice(["accepted", "rejected", "withdrawn"]))
@click.argument("text", nargs=-1)
@click.option("--early", default="", metavar="WHY", help="Why nobody waits for more comments.")
@global_options
@click.pass_context
def command(
    context: click.Context, *, decision: str, outcome: str, text: tuple[str, ...], early: str
) -> None:
    """Settle DECISION, with TEXT to say of it."""
    from afield.cli.decision_view import decision_lines
    from afield.teamwork.sorts.decision import DECISION
    from afield.workspace.team.decisions import decision_part, settle
    from afield.workspace.team.items import find_item

    session = session_of(context)
    workspace = session.writing("team.write")
    workspace.refresh()
    item = find_item(workspace, DECISION, decision)
    item = settle(workspace, item, outcome, text=" ".join(text), early=early)
    part = decision_part(workspace, item)
    if session.json:
        emit_json({"schema": "afield.decision/1", **part})
        return
    for line in decision_lines(part, session.local_now()):
        click.echo(line)
