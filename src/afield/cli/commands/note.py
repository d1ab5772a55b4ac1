"""`afield note`: write down what a person thinks of a run."""

from __future__ import annotations

import os
import sys

import click

from afield.cli.arguments import RUN, short
from afield.cli.output import HIDDEN, emit_json, plain
from afield.cli.session import global_options, session_of


@click.command("note")
@click.argument("run", type=RUN)
@click.argument("text", nargs=-1)
@global_options
@click.pass_context
def command(context: click.Context, run: str, text: tuple[str, ...]) -> None:
    """Write TEXT down on RUN; `-` or nothing reads the text from stdin.

    Notes are kept in order and never overwritten; `afield show` lists them.
    """
    from afield.runs.secrets import known_values
    from afield.workspace.marks import note_run

    session = session_of(context)
    words = " ".join(text)
    if not text or words == "-":
        if not text and session.is_terminal(sys.stdin):
            click.echo("write the note; end with Ctrl-D:", err=True)
        words = sys.stdin.read()
    known = known_values(session.environ, folder=os.fspath(session.folder()))
    workspace = session.writing("run.edit", "run.log")
    found = workspace.run(run)
    kept, words, hidden = note_run(workspace, found, words, known=known)
    if hidden:
        click.echo(HIDDEN, err=True)
    if session.json:
        emit_json({"schema": "afield.note/1", "run": found.id, "object": kept, "text": words})
        return
    click.echo(f"noted on {short(found.id)} ({plain(found.name)})")
