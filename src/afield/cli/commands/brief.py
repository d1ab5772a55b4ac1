"""`afield brief`: what changed since a person last looked, or while they were away."""

from __future__ import annotations

import click
import msgspec

from afield.cli.output import emit_json
from afield.cli.session import global_options, session_of


@click.command("brief")
@click.option("--since", "words", metavar="TIME", help="8h, 3d, a date, last, away, or leave.")
@click.option("--for", "who", metavar="WHO", help="What a colleague would read.")
@click.option("--peek", is_flag=True, help="Do not remember that you looked.")
@global_options
@click.pass_context
def command(context: click.Context, *, words: str | None, who: str | None, peek: bool) -> None:
    """Show what you have to know: what needs you, then what the others did and found.

    Since you last looked, or, the first time, since you last stopped working. That you looked is
    known here alone. Of a colleague it is not known: --for looks back to when they stopped working.
    """
    from afield.cli.brief_view import brief_lines
    from afield.workspace.team.brief import brief, since
    from afield.workspace.team.people import find_member
    from afield.workspace.team.seen import mark_looked

    session = session_of(context)
    session.tells_own = True
    workspace = session.workspace()
    workspace.refresh()
    own = workspace.config.member
    member = own if who is None else find_member(workspace, who)
    since_ms, by = since(workspace, member, words, own=member == own)
    found = brief(workspace, member, since_ms, by)
    if session.json:
        emit_json({"schema": "afield.brief/1", **msgspec.to_builtins(found)})
    else:
        reader = None if member == own else workspace.name_of(member)
        session.say(brief_lines(workspace, found, session.local_now(), reader))
    if not peek and words is None and not session.json and member == own:
        mark_looked(workspace, member, found.until_ms)
