"""`afield data list`: the datasets, with the newest version of each."""

from __future__ import annotations

import click

from afield.cli import words
from afield.cli.damage import warn_of_damage
from afield.cli.output import emit_json
from afield.cli.session import global_options, session_of


@click.command("list")
@global_options
@click.pass_context
def command(context: click.Context) -> None:
    """List the datasets, each with its newest version."""
    from afield.workspace.data_documents import card_part, version_part
    from afield.workspace.datasets import card_of, history

    session = session_of(context)
    workspace = session.workspace()
    newest = {}
    counts: dict[str, int] = {}
    for version in history(workspace):
        newest[version.name] = version
        counts[version.name] = counts.get(version.name, 0) + 1
    warn_of_damage(workspace)
    rows = [
        {
            **version_part(workspace, version),
            "versions": counts[name],
            "card": card_part(card_of(workspace, name)),
        }
        for name, version in newest.items()
    ]
    if session.json:
        emit_json({"schema": "afield.data-list/1", "datasets": rows})
        return
    if not rows:
        click.echo("no datasets yet")
        click.echo("hint: afield data add PATH --name customers", err=True)
        return
    from rich.table import Table

    from afield.cli.screen import draw, styled

    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for title in ("newest", "versions", "files", "size", "added", "by", "message"):
        table.add_column(title, header_style="dim", overflow="fold")
    now = session.now()
    for row in rows:
        cells = (row["label"], row["versions"], f"{row['files']:,}", words.size(row["size_bytes"]))
        text = (row["message"] or "").partition("\n")[0]
        table.add_row(*map(styled, (*cells, words.ago(row["added"], now), row["by"], text)))
    draw(session, table)
