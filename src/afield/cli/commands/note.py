"""`afield note`: write down what a person thinks of a run."""

from __future__ import annotations

import os
import sys

import click

from afield.cli.arguments import RUN, short
from afield.cli.output import HIDDEN, emit_json, plain
from afield.cli.session import global_options, session_of
from afield.kernel.errors import Usage

NOTE_BYTES_MAX = 1 << 20


@click.command("note")
@click.argument("run", type=RUN)
@click.argument("text", nargs=-1)
@global_options
@click.pass_context
def command(context: click.Context, run: str, text: tuple[str, ...]) -> None:
    """Write TEXT down on RUN; `-` or nothing reads the text from stdin.

    Notes are kept in order and never overwritten; `afield show` lists them.
    """
    from afield.runs import events
    from afield.runs.secrets import known_values, redact

    session = session_of(context)
    words = " ".join(text)
    if not text or words == "-":
        if not text and session.is_terminal(sys.stdin):
            click.echo("write the note; end with Ctrl-D:", err=True)
        words = sys.stdin.read()
    words = words.strip()
    size_bytes = len(words.encode("utf-8", "replace"))
    if not words:
        raise Usage("the note is empty", hint=f'afield note {run} "what you saw"')
    if size_bytes > NOTE_BYTES_MAX:
        raise Usage("the note is too long", size_bytes, f"at most {NOTE_BYTES_MAX} bytes")
    known = known_values(session.environ, folder=os.fspath(session.folder()))
    words, rules = redact(words, known=known)
    if rules:
        click.echo(HIDDEN, err=True)
    workspace = session.workspace()
    found = workspace.run(run)
    vault = workspace.record.vault
    kept = vault.put(words.encode("utf-8", "replace"), meta=True)
    vault.flush()
    workspace.record.journal.append_many([events.noted(found.id, kept)], durable=True)
    if session.json:
        emit_json({"schema": "afield.note/1", "run": found.id, "object": kept, "text": words})
        return
    click.echo(f"noted on {short(found.id)} ({plain(found.name)})")
