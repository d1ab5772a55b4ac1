"""`afield handover offer`: hand it over."""

from __future__ import annotations

import click

from afield.cli.handing import do
from afield.cli.session import global_options, session_of


@click.command("offer")
@click.argument("handover")
@click.option("--due", metavar="TIME", help="By when to accept: 30m of their work, or a time.")
@click.option("--summary", metavar="TEXT", help="The whole in a few words.")
@click.option("--safe-state", metavar="TEXT", help="What is safe while nobody is there.")
@click.option("--rollback", metavar="TEXT", help="How to go back, where it is for good.")
@click.option("--despite", metavar="WHY", help="Why it changes hands though it is not ready.")
@global_options
@click.pass_context
def command(
    context: click.Context, /, *, handover: str, due: str | None, **values: str | None
) -> None:
    """Hand HANDOVER over; from now on its lines do not change."""
    from afield.workspace.team.offering import offer

    session = session_of(context)
    do(
        session,
        handover,
        lambda workspace, item: offer(workspace, item, due=due, values=values),
    )
