"""`afield meeting notes`: what came of one."""

from __future__ import annotations

import click

from afield.cli.meeting_telling import do
from afield.cli.session import global_options, session_of


@click.command("notes")
@click.argument("meeting")
@click.argument("text", nargs=-1)
@click.option("--present", multiple=True, metavar="WHO", help="Who was there besides you; again.")
@click.option("--no-must-read", "must_read", flag_value=False, default=True, type=bool,
              help="It need not be read by who was not there.")  # fmt: skip
@global_options
@click.pass_context
def command(
    context: click.Context,
    *,
    meeting: str,
    text: tuple[str, ...],
    present: tuple[str, ...],
    must_read: bool,
) -> None:
    """Write what came of MEETING: TEXT, or what stands on stdin.

    A line `- [ ] @ada label the rest by 2d` becomes a task, `! keep the split` a decision. Notes
    may be given again; nothing is raised twice.
    """
    from afield.cli.team_view import said
    from afield.workspace.team.meetings import note_meeting
    from afield.workspace.team.people import find_member

    session = session_of(context)
    words = said(session, text, "what came of it")
    do(
        session,
        meeting,
        lambda workspace, item: note_meeting(
            workspace,
            item,
            words,
            present=[find_member(workspace, one) for one in present],
            must_read=must_read,
        ),
    )
