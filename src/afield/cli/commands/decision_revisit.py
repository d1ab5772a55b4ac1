"""`afield decision revisit`: say that it still holds."""

from __future__ import annotations

import click

from afield.cli.output import emit_json
from afield.cli.session import global_options, session_of


@click.command("revisit")
@click.argument("decision")
@click.argument("text", nargs=-1, required=True)
@click.option("--review", metavar="DAY", help="When to look at it next: 2027-03-01.")
@global_options
@click.pass_context
def command(
    context: click.Context, *, decision: str, text: tuple[str, ...], review: str | None
) -> None:
    """Say in TEXT that DECISION was looked at again and holds."""
    from afield.cli.decision_view import decision_lines
    from afield.teamwork.sorts.decision import DECISION
    from afield.workspace.team.decisions import decision_part, revisit
    from afield.workspace.team.items import find_item

    session = session_of(context)
    workspace = session.writing("team.write")
    workspace.refresh()
    item = find_item(workspace, DECISION, decision)
    part = decision_part(workspace, revisit(workspace, item, text=" ".join(text), review=review))
    if session.json:
        emit_json({"schema": "afield.decision/1", **part})
        return
    for line in decision_lines(part, session.local_now()):
        click.echo(line)
