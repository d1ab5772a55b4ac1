"""`afield ask WHO TITLE`: ask."""

from __future__ import annotations

import click

from afield.cli.output import emit_json
from afield.cli.session import global_options, session_of


@click.command("new")
@click.argument("who")
@click.argument("title", nargs=-1, required=True)
@click.option("--detail", default="", help="What they need to know for it.")
@click.option(
    "--need",
    type=click.Choice(["answer", "decision", "review", "action"]),
    default="answer",
    help="What kind of thing you need.",
)
@click.option("--urgent", is_flag=True, help="It cannot wait for a focus block to end.")
@click.option(
    "--due",
    default=None,
    metavar="WHEN",
    help="In their working time: 4h, 2d, 2026-12-01, 2026-12-01T15:00; else one working day.",
)
@click.option("--about", multiple=True, metavar="WHAT", help="run:NAME, data:NAME@3, …; again.")
@click.option("--project", default="default", help="Where it belongs.")
@global_options
@click.pass_context
def command(
    context: click.Context,
    *,
    who: str,
    title: tuple[str, ...],
    detail: str,
    need: str,
    urgent: bool,
    due: str | None,
    about: tuple[str, ...],
    project: str,
) -> None:
    """Ask WHO for what TITLE says."""
    from afield.cli.team_view import tell_ask, tell_lint
    from afield.workspace.team.asks import ask, ask_part
    from afield.workspace.team.due import due_ms
    from afield.workspace.team.links import link_to
    from afield.workspace.team.lint import missing_in
    from afield.workspace.team.people import find_member

    session = session_of(context)
    workspace = session.writing("team.write")
    workspace.refresh()
    member = find_member(workspace, who)
    links = [link_to(workspace, each) for each in about]
    words = " ".join(title)
    item = ask(
        workspace,
        words,
        member,
        detail=detail,
        need=need,
        urgency="urgent" if urgent else "normal",
        due_ms=due_ms(workspace, member, due, urgent=urgent),
        about=links,
        project=project,
    )
    part = ask_part(workspace, item)
    lint = missing_in(f"{words}\n{detail}", has_link=bool(links))
    if session.json:
        emit_json({"schema": "afield.ask/1", **part, "lint": lint})
        return
    tell_ask(workspace, part)
    tell_lint(lint)
