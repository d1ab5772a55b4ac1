"""`afield thread`: what was said about something."""

from __future__ import annotations

import click

from afield.cli.output import emit_json
from afield.cli.session import global_options, session_of


@click.command("thread")
@click.argument("what")
@click.option("--resolve", type=int, default=None, metavar="N", help="Comment N is dealt with.")
@click.option("--unresolve", type=int, default=None, metavar="N", help="It is not, after all.")
@click.option("--follow/--unfollow", default=None, help="Hear of it in your inbox, or no more.")
@global_options
@click.pass_context
def command(
    context: click.Context,
    *,
    what: str,
    resolve: int | None,
    unresolve: int | None,
    follow: bool | None,
) -> None:
    """Show what was said about WHAT: run:NAME, data:NAME@3, model:NAME@2, ask:ID ….

    With an option, change it first. What is shown counts as read, here alone.
    """
    from afield.cli.team_view import tell_thread
    from afield.workspace.team import threads
    from afield.workspace.team.links import link_to
    from afield.workspace.team.seen import mark_read

    session = session_of(context)
    is_change = any(each is not None for each in (resolve, unresolve, follow))
    workspace = session.writing("team.write") if is_change else session.workspace()
    workspace.refresh()
    link = link_to(workspace, what)
    for number, done in ((resolve, True), (unresolve, False)):
        if number is not None:
            place = threads.place_of(workspace, link, number)
            threads.resolve(workspace, threads.need_thread(workspace, link), place, done=done)
    if follow is not None:
        threads.follow(workspace, threads.need_thread(workspace, link), on=follow)
    member = workspace.config.member
    item = threads.thread_of(workspace, link)
    part = threads.thread_part(workspace, item, link, reader=member)
    if session.json:
        emit_json({"schema": "afield.thread/1", **part})
    else:
        tell_thread(workspace, part)
    mark_read(workspace, member, [one["key"] for one in part["comments"] if one["unread"]])
