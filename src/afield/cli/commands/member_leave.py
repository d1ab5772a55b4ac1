"""`afield member leave`: somebody leaves: devices, roles, sessions and tokens end in one step."""

from __future__ import annotations

from typing import Any

import click

from afield.cli.output import emit_json
from afield.cli.session import global_options, session_of


@click.command("leave")
@click.argument("name")
@click.option("--hub", metavar="URL", help="At a hub, where accounts and tokens end as well.")
@global_options
@click.pass_context
def command(context: click.Context, name: str, hub: str | None) -> None:
    """Let nothing count that the member NAME writes from now on.

    What was known of their devices stays and counts. Says what they could read, and which
    copies they keep: those nobody can take back.
    """
    from afield.cli.hub_client import hub_of
    from afield.cli.member_view import tell_left
    from afield.workspace.access_review import left_part
    from afield.workspace.membership import find_member, leave

    session = session_of(context)
    found: dict[str, Any]
    if hub is not None:
        found = hub_of(session, hub).ask("POST", f"/members/{name}/leave", {})
    else:
        workspace = session.workspace()
        workspace.refresh()
        found = left_part(leave(workspace, find_member(workspace, name)))
    if session.json:
        emit_json(found)
        return
    tell_left(found)
    if hub is None:
        click.echo("tell the others: afield sync")
