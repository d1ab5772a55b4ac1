"""`afield access review`: who can do what, since when, and what was refused."""

from __future__ import annotations

import click

from afield.cli.output import emit_json
from afield.cli.session import global_options, session_of


@click.command("review")
@click.option("--hub", metavar="URL", help="Ask a hub, with its accounts and tokens.")
@global_options
@click.pass_context
def command(context: click.Context, hub: str | None) -> None:
    """Report members, roles, devices, every change of roles, and entries that were refused."""
    from afield.cli.hub_client import hub_of
    from afield.cli.member_view import tell_review
    from afield.workspace.access_review import review

    session = session_of(context)
    if hub is not None:
        found = hub_of(session, hub).ask("GET", "/access-review")
    else:
        workspace = session.workspace()
        workspace.refresh()
        found = review(workspace)
    if session.json:
        emit_json(found)
    else:
        tell_review(found)
