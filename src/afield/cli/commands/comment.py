"""`afield comment`: say something about anything in the record."""

from __future__ import annotations

import click

from afield.cli.output import emit_json
from afield.cli.session import global_options, session_of


@click.command("comment")
@click.argument("what")
@click.argument("text", nargs=-1)
@click.option("--re", "re_", type=int, default=None, metavar="N", help="Answer comment N.")
@click.option("--at", "anchor", default=None, metavar="PART", help="train.py:12, metrics.acc, …")
@global_options
@click.pass_context
def command(
    context: click.Context,
    *,
    what: str,
    text: tuple[str, ...],
    re_: int | None,
    anchor: str | None,
) -> None:
    """Say TEXT about WHAT: run:NAME, data:NAME@3, model:NAME@2, ask:ID ….

    `@name` calls a colleague. `-` or no text reads it from stdin.
    """
    from afield.cli.team_view import said, tell_thread
    from afield.workspace.team.links import link_to, project_of
    from afield.workspace.team.threads import comment, place_of, thread_part

    session = session_of(context)
    workspace = session.writing("team.write")
    workspace.refresh()
    link = link_to(workspace, what)
    words = said(session, text, "the comment")
    re = None if re_ is None else place_of(workspace, link, re_)
    project = project_of(workspace, link)
    item = comment(workspace, link, words, re=re, anchor=anchor, project=project)
    part = thread_part(workspace, item, link, reader=workspace.config.member)
    if session.json:
        emit_json({"schema": "afield.thread/1", **part})
        return
    tell_thread(workspace, part)
