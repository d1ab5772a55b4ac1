"""`afield decide TITLE`: write a decision down."""

from __future__ import annotations

from typing import Any

import click

from afield.cli.decision_options import FIELDS, values_of
from afield.cli.output import emit_json
from afield.cli.session import global_options, session_of


@click.command("new")
@click.argument("title", nargs=-1, required=True)
@FIELDS
@click.option("--project", default="default", help="Where it belongs.")
@global_options
@click.pass_context
def command(
    context: click.Context, /, *, title: tuple[str, ...], project: str, **given: Any
) -> None:
    """Write the decision TITLE down as a draft; `decision propose` asks for comments."""
    from afield.cli.decision_view import decision_lines
    from afield.workspace.team.decisions import decide, decision_part

    session = session_of(context)
    workspace = session.writing("team.write")
    workspace.refresh()
    item = decide(workspace, " ".join(title), values_of(workspace, given), project=project)
    part = decision_part(workspace, item)
    if session.json:
        emit_json({"schema": "afield.decision/1", **part})
        return
    for line in decision_lines(part, session.local_now()):
        click.echo(line)
