"""`afield handover WHO`: draw a handover up from the record, and fill it in."""

from __future__ import annotations

import click

from afield.cli.handing import tell
from afield.cli.session import global_options, session_of


@click.command("new")
@click.argument("who")
@click.option("--backup", metavar="WHO", help="Who takes it when WHO does not in time.")
@click.option("--summary", metavar="TEXT", help="The whole in a few words.")
@click.option("--safe-state", metavar="TEXT", help="What is safe while nobody is there.")
@click.option("--until", metavar="TIME", help="The end of the time that it is for.")
@click.option("--role", is_flag=True, help="For good: what --about names changes hands.")
@click.option("--about", multiple=True, metavar="WHAT", help="model:NAME@2, run:NAME …; again.")
@click.option("--rollback", metavar="TEXT", help="How to go back; --role needs one.")
@click.option("--title", metavar="TEXT", help="What it is called.")
@global_options
@click.pass_context
def command(
    context: click.Context,
    /,
    *,
    who: str,
    role: bool,
    about: tuple[str, ...],
    until: str | None,
    backup: str | None,
    **given: str | None,
) -> None:
    """Draw up a handover to WHO, or bring the draft to them up to date.

    On a terminal it asks for what the record cannot know, and then hands over.
    """
    from afield.cli.handover_asking import fill_in
    from afield.workspace.team.due import due_ms
    from afield.workspace.team.handovers import start_handover
    from afield.workspace.team.links import link_to
    from afield.workspace.team.people import find_member

    session = session_of(context)
    workspace = session.writing("team.write")
    workspace.refresh()
    to = find_member(workspace, who)
    values = {
        **given,
        "backup": None if backup is None else find_member(workspace, backup),
        "until": None if until is None else due_ms(workspace, to, until),
        "from": int(session.now().timestamp() * 1000),
        "kind": "role" if role else "shift",
        "about": [link_to(workspace, one) for one in about],
    }
    item = start_handover(workspace, to, values)
    if session.is_terminal() and not session.json:
        item = fill_in(workspace, item)
    tell(session, workspace, item)
