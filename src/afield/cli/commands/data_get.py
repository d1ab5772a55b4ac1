"""`afield data get`: write the files of a version into a folder."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from afield.cli import words
from afield.cli.output import emit_json, plain
from afield.cli.session import global_options, session_of

if TYPE_CHECKING:
    from afield.datasets.query import Version
    from afield.workspace.workspace import Workspace

_IN_RUN = "AFIELD_RUN"


@click.command("get")
@click.argument("version", metavar="NAME[@VERSION]")
@click.option("--to", "folder", metavar="DIR", help="Where to; a folder called NAME if not given.")
@click.option("--force", is_flag=True, help="Write over files that hold other bytes.")
@global_options
@click.pass_context
def command(context: click.Context, *, version: str, folder: str | None, force: bool) -> None:
    """Write the files of a version into DIR, each verified and none ever seen half.

    Files that are there with the right bytes stay, so that a get that was cut short carries
    on; other files in DIR stay as well.
    """
    from afield.cli.progress import Meter
    from afield.workspace.data_documents import version_part
    from afield.workspace.datasets import files_of, find, get
    from afield.workspace.phantoms import fetchable

    session = session_of(context)
    workspace = session.workspace()
    found = _taken(workspace, version) if _IN_RUN in session.environ else find(workspace, version)
    target = os.path.abspath(os.path.expanduser(folder or found.name))  # noqa: PTH100, PTH111 - str
    entries = files_of(workspace, found)
    record = workspace.record
    with (
        fetchable(record.workspace, record.files, found.label),
        Meter(session, "writing", (found.files, found.size_bytes)) as progress,
    ):
        done = get(workspace, entries, target, force=force, progress=progress)
    if session.json:
        emit_json(
            {
                "schema": "afield.data-get/1",
                **version_part(workspace, found),
                "folder": target,
                "written": done.written,
                "present": done.present,
                "written_bytes": done.size_bytes,
            }
        )
        return
    label = click.style(plain(found.label), bold=True)
    text = f"{label}: {words.count(done.written, 'file')} written, {words.size(done.size_bytes)}"
    if done.present:
        text += f"; {done.present:,} there already"
    click.echo(f"{text}: {plain(target)}")


def _taken(workspace: Workspace, words: str) -> Version:
    """Return the version, and have it stand on the record of the run that this is a part of."""
    from afield.workspace.dataset import take_whole  # the whole of what reads data, seldom needed

    return take_whole(workspace, words)
