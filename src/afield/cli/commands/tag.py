"""`afield tag`: set and remove the tags of a run."""

from __future__ import annotations

import os

import click

from afield.cli.arguments import RUN, short
from afield.cli.output import HIDDEN, emit_json, plain
from afield.cli.session import global_options, session_of
from afield.kernel.errors import Usage


@click.command("tag")
@click.argument("run", type=RUN)
@click.argument("words", nargs=-1, metavar="[KEY=VALUE | KEY]...")
@click.option("--remove", "-r", "removed", multiple=True, metavar="KEY", help="Remove a tag.")
@click.option("--name", "new_name", metavar="NAME", help="Give the run another name, too.")
@global_options
@click.pass_context
def command(
    context: click.Context,
    run: str,
    words: tuple[str, ...],
    removed: tuple[str, ...],
    new_name: str | None,
) -> None:
    """Set tags on RUN, or show them when none is given. A KEY alone means KEY=true."""
    from afield.runs.secrets import known_values
    from afield.workspace.marks import mark_run

    if new_name is not None and not new_name.strip():
        raise Usage("cannot name the run", new_name, "the name is empty", hint="--name NAME")
    session = session_of(context)
    known = known_values(session.environ, folder=os.fspath(session.folder()))
    tags = dict(_tag(word) for word in words)
    workspace = session.workspace()
    found = workspace.run(run)
    if tags or removed or new_name is not None:
        session.writing("run.edit", "run.log")
        if mark_run(workspace, found, tags=tags, removed=removed, name=new_name, known=known):
            click.echo(HIDDEN, err=True)
        workspace.refresh()
        found = workspace.run(found.id)
    if session.json:
        body = {"schema": "afield.tags/1", "run": found.id, "name": found.name}
        emit_json({**body, "tags": dict(found.tags)})
        return
    shown = "  ".join(f"{plain(k)}={plain(v)}" for k, v in sorted(found.tags.items()))
    click.echo(f"{short(found.id)} ({plain(found.name)}): {shown or 'no tags'}")


def _tag(word: str) -> tuple[str, str]:
    key, sign, value = word.partition("=")
    key = key.strip()
    if not key:
        raise Usage("not a tag", word, "it needs a key", hint="afield tag RUN stage=candidate")
    return key, value if sign else "true"
