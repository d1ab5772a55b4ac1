"""`afield search`: find what anybody wrote or recorded, by its words."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import click

from afield.cli.output import emit_json, plain
from afield.cli.session import global_options, session_of

_LIMIT = 20


@click.command("search")
@click.argument("words", nargs=-1, required=True)
@click.option("--sort", "sorts", multiple=True, metavar="SORT", help="Only this sort; repeatable.")
@click.option("--limit", type=click.IntRange(1, 1000), default=_LIMIT, show_default=True)
@global_options
@click.pass_context
def command(
    context: click.Context, words: tuple[str, ...], sorts: tuple[str, ...], limit: int
) -> None:
    """Find what holds all WORDS: runs, notes, data, models, traces, people, what they wrote.

    '"two words"' is a phrase, train* a beginning, -word must not be there (put all in quotes, or
    -- before it). sort:note, by:ada, project:x and since:7d narrow it down. The best come first.
    """
    from afield.workspace.errors import SearchRefused
    from afield.workspace.search.documents import answer_document
    from afield.workspace.search.find import search
    from afield.workspace.search.sources import SORTS

    session = session_of(context)
    for sort in sorts:
        if sort not in SORTS:
            raise SearchRefused("no such sort", sort, f"one of {', '.join(SORTS)}")
    workspace = session.workspace()
    workspace.refresh()
    text = " ".join(words)
    found = search(workspace, text, limit=limit, sorts=sorts)
    document = answer_document(workspace, text, found)
    if session.json:
        emit_json(document)
        return
    if not document["found"]:
        click.echo("nothing found")
        return
    for one in document["found"]:
        for line in _lines(one, session.now()):
            click.echo(line)
    if not document["complete"]:
        click.echo("more fits; the newest were ranked", err=True)


def _lines(one: dict[str, Any], now: datetime) -> list[str]:
    from afield.cli.words import SHORT_ID, ago

    id_ = one["id"][:SHORT_ID] if one["kind"] in ("run", "note") else None
    named = [one["kind"], plain(one["label"]), id_, one["project"] and plain(one["project"])]
    head = "  ".join(part for part in (*named, ago(one["at"], now)) if part)
    excerpt = one["excerpt"]
    if excerpt is None:
        return [head] if not one["detail"] else [head, f"    {plain(one['detail'])}"]
    text, shown, done = excerpt["text"], [], 0
    for begin, end in excerpt["marks"]:
        shown += [plain(text[done:begin]), click.style(plain(text[begin:end]), bold=True)]
        done = end
    return [head, f"    {''.join(shown)}{plain(text[done:])}".rstrip()]
