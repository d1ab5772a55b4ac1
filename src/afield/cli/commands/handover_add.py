"""`afield handover add`: a line in one's own words."""

from __future__ import annotations

import click

from afield.cli.handing import do
from afield.cli.handover_options import LINE, line_values
from afield.cli.session import global_options, session_of


@click.command("add")
@click.argument("handover")
@click.argument("facts", nargs=-1, required=True)
@LINE
@click.option("--temporary", is_flag=True, help="A change that is to be undone; it is carried on.")
@click.option("--until", metavar="TIME", help="Until when it is so.")
@global_options
@click.pass_context
def command(
    context: click.Context,
    /,
    *,
    handover: str,
    facts: tuple[str, ...],
    temporary: bool,
    until: str | None,
    **given: str | None,
) -> None:
    """Add to the draft HANDOVER a line that says FACTS."""
    from afield.workspace.team.due import due_ms
    from afield.workspace.team.handovers import add_line

    session = session_of(context)
    do(
        session,
        handover,
        lambda workspace, item: add_line(
            workspace,
            item,
            {
                **line_values(workspace, given),
                "facts": " ".join(facts),
                "topic": "temporary" if temporary else "note",
                "until": None
                if until is None
                else due_ms(workspace, workspace.config.member, until),
            },
        ),
    )
