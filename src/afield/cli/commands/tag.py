"""`afield tag`: set and remove the tags of a run."""

from __future__ import annotations

import os

import click

from afield.cli.arguments import RUN, short
from afield.cli.output import HIDDEN, emit_json, plain
from afield.cli.session import global_options, session_of
from afield.kernel.errors import NotFound, Usage

TAG_CHARS_MAX = 4096


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
    from afield.runs import events
    from afield.runs.secrets import known_values, redact, redact_mapping

    if new_name is not None and not new_name.strip():
        raise Usage("cannot name the run", new_name, "the name is empty", hint="--name NAME")
    session = session_of(context)
    known = known_values(session.environ, folder=os.fspath(session.folder()))
    tags, hidden = redact_mapping(dict(_tag(word) for word in words), "tags", known=known)
    workspace = session.workspace()
    found = workspace.run(run)
    for name in removed:
        if name not in found.tags:
            raise NotFound(
                "cannot remove the tag", name, "the run has no such tag", hint=f"afield tag {run}"
            )
    drafts = []
    replaced = bool(hidden)
    if tags or removed:
        unset = [redact(name, known=known)[0] for name in removed]
        drafts.append(events.tagged(found.id, tags, unset))
    if new_name is not None:
        clean, rules = redact(new_name, known=known)
        drafts.append(events.named(found.id, clean))
        replaced = replaced or bool(rules)
    if replaced:
        click.echo(HIDDEN, err=True)
    if drafts:
        workspace.record.journal.append_many(drafts, durable=True)
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
    if len(word) > TAG_CHARS_MAX:
        raise Usage("the tag is too long", key, f"at most {TAG_CHARS_MAX} characters")
    return key, value if sign else "true"
