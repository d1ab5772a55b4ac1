"""`afield handover draft`: what you would hand over now; nothing is written."""

from __future__ import annotations

import click
import msgspec

from afield.cli.output import emit_json
from afield.cli.session import global_options, session_of


@click.command("draft")
@global_options
@click.pass_context
def command(context: click.Context) -> None:
    """Show what the record says you hold now, what needs most care first."""
    from afield.cli.handover_view import draft_lines
    from afield.workspace.team.drafting import draft
    from afield.workspace.team.links import label_of

    session = session_of(context)
    workspace = session.workspace()
    workspace.refresh()
    found = draft(workspace, workspace.config.member)
    if session.json:
        lines = [msgspec.to_builtins(one) for one in found]
        emit_json({"schema": "afield.handover-draft/1", "lines": lines})
        return
    if not found:
        click.echo("nothing of yours is under way")
    labels = {one.about: label_of(workspace, one.about) for one in found if one.about}
    session.say(draft_lines(found, labels))
