"""`afield data drop`: put versions of a dataset out of sight, or bring them back."""

from __future__ import annotations

import click

from afield.cli import words
from afield.cli.output import emit_json, plain
from afield.cli.session import global_options, session_of


@click.command("drop")
@click.argument("version", metavar="NAME[@VERSION]")
@click.option("--undo", is_flag=True, help="Bring them back.")
@global_options
@click.pass_context
def command(context: click.Context, *, version: str, undo: bool) -> None:
    """Put a version out of sight, or with NAME alone all versions of it.

    No byte is removed until `afield sweep`, numbers are not given again, and --undo brings them
    back.
    """
    from afield.datasets.query import versions
    from afield.datasets.reference import parse
    from afield.workspace.datasets import drop, find
    from afield.workspace.sweep import bring_back

    session = session_of(context)
    workspace = session.writing("data.write")
    found = [find(workspace, version, dropped=undo)]
    if not parse(version).pinned:
        found = versions(workspace.projection, found[0].name, dropped=True)
    found = [one for one in found if one.dropped == undo]
    if found:
        drop(workspace, found, gone=not undo)
        if undo:
            bring_back(workspace)
    labels = [one.label for one in found]
    if session.json:
        emit_json({"schema": "afield.data-drop/1", "dropped": not undo, "versions": labels})
        return
    if not found:
        click.echo("nothing to bring back: it was not dropped")
        return
    verb = "back" if undo else "dropped"
    shown = plain(labels[0]) if len(labels) == 1 else words.count(len(labels), "version")
    click.echo(f"{verb}: {shown}")
    if not undo:
        click.echo(f"hint: afield data drop {plain(version)} --undo", err=True)
