"""`afield member list`: who takes part, with the roles they hold."""

from __future__ import annotations

import click

from afield.cli.output import emit_json
from afield.cli.session import global_options, session_of


@click.command("list")
@click.option("--hub", metavar="URL", help="Ask a hub, not this workspace.")
@global_options
@click.pass_context
def command(context: click.Context, hub: str | None) -> None:
    """List the members and the roles they hold."""
    from afield.cli.hub_client import hub_of
    from afield.cli.member_view import tell_members
    from afield.workspace.access_review import member_part
    from afield.workspace.membership import members

    session = session_of(context)
    if hub is not None:
        found = hub_of(session, hub).ask("GET", "/members")["members"]
    else:
        workspace = session.workspace()
        workspace.refresh()
        found = [member_part(one) for one in members(workspace)]
    if session.json:
        emit_json({"schema": "afield.members/1", "members": found})
    else:
        tell_members(found)
