"""`afield why`: from a number, a file, a model or data back to what it came from."""

from __future__ import annotations

import click

from afield.cli.output import emit_json
from afield.cli.session import global_options, session_of

_DEPTH = 4


@click.command("why")
@click.argument("what")
@click.option("--depth", type=click.IntRange(0, 10), default=_DEPTH, show_default=True)
@global_options
@click.pass_context
def command(context: click.Context, what: str, depth: int) -> None:
    """Trace WHAT back to its runs, data, code, people and decisions.

    WHAT is RUN:metrics.acc, a run, RUN:PATH, model:NAME@3, data:NAME@2, a file's path or digest,
    or something people made together, as decision:ID. --depth is how many runs away it looks.
    """
    from afield.workspace.why.subject import subject
    from afield.workspace.why.trace import why_document

    session = session_of(context)
    workspace = session.workspace()
    workspace.refresh()
    asked = subject(workspace, what, here=session.folder())
    document = why_document(workspace, what, asked, depth=depth)
    if session.json:
        emit_json(document)
        return
    from afield.cli.why_view import why_lines

    for line in why_lines(document):
        click.echo(line)
