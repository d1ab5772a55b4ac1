"""`afield show`: one run, what it was made of and what it gave."""

from __future__ import annotations

import click

from afield.cli.arguments import RUN
from afield.cli.damage import warn_of_damage
from afield.cli.output import emit_json
from afield.cli.session import global_options, session_of
from afield.workspace.documents import run_document


@click.command("show")
@click.argument("run", type=RUN)
@click.option("--all", "everything", is_flag=True, help="Every file, package and variable.")
@global_options
@click.pass_context
def command(context: click.Context, *, run: str, everything: bool) -> None:
    """Show RUN: command, code, environment, inputs, outputs, metrics, reproductions.

    RUN is an id, any unique beginning of it, a name, or the file of a bundle. --json has
    every detail.
    """
    session = session_of(context)
    workspace, view = session.find(run)
    document = run_document(workspace, view)
    warn_of_damage(workspace)
    if session.json:
        emit_json(document)
        return
    from afield.cli.screen import draw
    from afield.cli.show_view import run_page

    draw(session, *run_page(document, session.now(), everything=everything))
