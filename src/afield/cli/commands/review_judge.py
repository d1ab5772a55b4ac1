"""`afield review judge`: say what you found."""

from __future__ import annotations

import click

from afield.cli.output import emit_json
from afield.cli.session import global_options, session_of


@click.command("judge")
@click.argument("review")
@click.argument(
    "verdict",
    type=click.Choice(
        ["approve", "request-changes", "comment", "reproduced", "could-not-reproduce"]
    ),
)
@click.argument("text", nargs=-1)
@click.option("--evidence", metavar="WHAT", help="What shows it: run:NAME.")
@global_options
@click.pass_context
def command(
    context: click.Context,
    *,
    review: str,
    verdict: str,
    text: tuple[str, ...],
    evidence: str | None,
) -> None:
    """Say what you found of REVIEW; `afield reproduce` says the last two by itself."""
    from afield.cli.review_view import review_lines
    from afield.teamwork.sorts.review import REVIEW
    from afield.workspace.team.items import find_item
    from afield.workspace.team.links import link_to
    from afield.workspace.team.reviews import judge, review_part

    session = session_of(context)
    workspace = session.writing("team.write")
    workspace.refresh()
    item = find_item(workspace, REVIEW, review)
    shown = None if evidence is None else link_to(workspace, evidence)
    item = judge(workspace, item, verdict, text=" ".join(text), evidence=shown)
    part = review_part(workspace, item)
    if session.json:
        emit_json({"schema": "afield.review/1", **part})
        return
    for line in review_lines(part, session.local_now()):
        click.echo(line)
