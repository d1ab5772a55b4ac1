"""`afield data show`: one version of a dataset: its history, files, columns and card."""

from __future__ import annotations

import click

from afield.cli.damage import warn_of_damage
from afield.cli.output import emit_json
from afield.cli.session import global_options, session_of


@click.command("show")
@click.argument("version", metavar="NAME[@VERSION]")
@click.option("--all", "everything", is_flag=True, help="Every version, file and column.")
@global_options
@click.pass_context
def command(context: click.Context, *, version: str, everything: bool) -> None:
    """Show a version of a dataset: when and by whom, its files, columns and data card."""
    from afield.workspace.apart_documents import about_part
    from afield.workspace.data_documents import card_part, file_parts, version_part
    from afield.workspace.datasets import card_of, files_here, find, history, statistics_of
    from afield.workspace.disagreements import numbers_then

    session = session_of(context)
    workspace = session.workspace()
    found = find(workspace, version)
    then = numbers_then(workspace, found.name)
    document = {
        "schema": "afield.data/1",
        **version_part(workspace, found),
        "versions": [
            {**version_part(workspace, one), "number_then": then[one.number]}
            for one in history(workspace, found.name)
        ],
        "here": workspace.record.vault.has(found.tree),
        "contents": file_parts(files_here(workspace, found)),
        "profile": statistics_of(workspace, found),
        "card": card_part(card_of(workspace, found.name)),
        "disagreements": about_part(workspace, found.name),
    }
    warn_of_damage(workspace)
    if session.json:
        emit_json(document)
        return
    from afield.cli.data_view import dataset_page
    from afield.cli.screen import draw

    draw(session, *dataset_page(document, session.now(), everything=everything))
