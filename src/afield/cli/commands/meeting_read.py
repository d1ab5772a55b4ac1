"""`afield meeting read`: say that one has read what came of it."""

from __future__ import annotations

import click

from afield.cli.meeting_telling import do
from afield.cli.session import global_options, session_of


@click.command("read")
@click.argument("meeting")
@global_options
@click.pass_context
def command(context: click.Context, *, meeting: str) -> None:
    """Say that you have read what came of MEETING, at which you were not."""
    from afield.workspace.team.meetings import read_meeting

    do(session_of(context), meeting, read_meeting)
