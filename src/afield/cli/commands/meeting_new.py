"""`afield meeting TITLE`: call one."""

from __future__ import annotations

import click

from afield.cli.meeting_telling import tell
from afield.cli.session import global_options, session_of


@click.command("new")
@click.argument("title", nargs=-1, required=True)
@click.option("--at", required=True, metavar="TIME", help="By your clock: 2026-12-01T15:00.")
@click.option("--minutes", default=30, show_default=True, help="How long it takes.")
@click.option("--with", "attendees", multiple=True, metavar="WHO", help="Who is to come; again.")
@click.option("--agenda", default="", metavar="TEXT", help="What is talked about.")
@click.option("--about", multiple=True, metavar="WHAT", help="run:NAME, decision:ID, …; again.")
@click.option("--held", is_flag=True, help="It is over: called for its notes.")
@global_options
@click.pass_context
def command(
    context: click.Context,
    *,
    title: tuple[str, ...],
    at: str,
    minutes: int,
    attendees: tuple[str, ...],
    agenda: str,
    about: tuple[str, ...],
    held: bool,
) -> None:
    """Call a meeting about TITLE; each one sees it in their own time."""
    from afield.workspace.team.links import link_to
    from afield.workspace.team.meetings import call_meeting, meant_ms
    from afield.workspace.team.people import find_member

    session = session_of(context)
    workspace = session.writing("team.write")
    workspace.refresh()
    member = workspace.config.member
    start_ms, end_ms = meant_ms(workspace, member, at, minutes, held=held)
    item = call_meeting(
        workspace,
        " ".join(title),
        start_ms,
        end_ms,
        [find_member(workspace, one) for one in attendees],
        agenda=agenda,
        about=[link_to(workspace, one) for one in about],
    )
    tell(session, workspace, item)
