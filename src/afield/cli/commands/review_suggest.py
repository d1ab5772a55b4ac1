"""`afield review suggest`: who could look."""

from __future__ import annotations

import click

from afield.cli.output import emit_json
from afield.cli.session import global_options, session_of
from afield.cli.when import when

_SHOWN = 10


@click.command("suggest")
@click.argument("what")
@global_options
@click.pass_context
def command(context: click.Context, *, what: str) -> None:
    """Say who could review WHAT: who knows it, and who starts soonest."""
    from afield.cli.output import plain
    from afield.workspace.team.expertise import suggested
    from afield.workspace.team.links import link_to

    session = session_of(context)
    workspace = session.workspace()
    workspace.refresh()
    about = link_to(workspace, what)
    found = suggested(workspace, about, but={workspace.config.member})
    rows = [
        {
            "member": one.member,
            "name": workspace.name_of(one.member),
            "why": list(one.why),
            "starts_ms": one.starts_ms,
        }
        for one in found[:_SHOWN]
    ]
    if session.json:
        emit_json({"schema": "afield.review-suggest/1", "about": about, "suggested": rows})
        return
    now = session.local_now()
    for one in found[:_SHOWN]:
        why = ", ".join(one.why) or "nothing of the kind yet"
        starts = when(one.starts_ms, now)
        click.echo(plain(f"{workspace.name_of(one.member)}  works {starts}  {why}"))
    if not found:
        click.echo("nobody else is here yet")
