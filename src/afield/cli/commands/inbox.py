"""`afield inbox`: what waits for a person, and what was said since they last looked."""

from __future__ import annotations

import click

from afield.cli.output import emit_json
from afield.cli.session import global_options, session_of


@click.command("inbox")
@click.option("--all", "everything", is_flag=True, help="Also what you have read.")
@click.option("--keep", is_flag=True, help="Leave what is shown unread.")
@global_options
@click.pass_context
def command(context: click.Context, *, everything: bool, keep: bool) -> None:
    """Show what waits for you, most pressing first, then what was said.

    What is shown counts as read, here alone: it is not told to anybody.
    """
    from afield.cli.team_view import tell_inbox
    from afield.workspace.team.inbox import inbox, inbox_part
    from afield.workspace.team.seen import mark_read

    session = session_of(context)
    workspace = session.workspace()
    workspace.refresh()
    member = workspace.config.member
    found = inbox(workspace, member)
    shown = [one for one in found if everything or one.unread or one.waits]
    if session.json:
        emit_json({"schema": "afield.inbox/1", "items": [inbox_part(one) for one in shown]})
    else:
        tell_inbox(workspace, shown)
    if not keep:
        mark_read(workspace, member, [one.key for one in shown])
