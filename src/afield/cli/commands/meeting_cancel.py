"""`afield meeting cancel`: call one off."""

from __future__ import annotations

import click

from afield.cli.meeting_telling import do
from afield.cli.session import global_options, session_of


@click.command("cancel")
@click.argument("meeting")
@click.argument("text", nargs=-1)
@global_options
@click.pass_context
def command(context: click.Context, *, meeting: str, text: tuple[str, ...]) -> None:
    """Call MEETING off, which you called."""
    from afield.workspace.team.meetings import cancel_meeting

    words = " ".join(text)
    do(
        session_of(context),
        meeting,
        lambda workspace, item: cancel_meeting(workspace, item, words),
    )
