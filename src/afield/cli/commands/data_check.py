"""`afield data check`: which version a path holds, and what differs from it."""

from __future__ import annotations

import os
import sys
from typing import Any

import click

from afield.cli import words
from afield.cli.output import emit_json, plain
from afield.cli.session import global_options, session_of
from afield.kernel.errors import NotFound

EXIT_DIFFERENT = 4
SHOWN_MAX = 20


@click.command("check")
@click.argument("path", type=click.Path(exists=True))
@click.option("--version", "expected", metavar="NAME[@VERSION]", help="The version it should be.")
@global_options
@click.pass_context
def command(context: click.Context, *, path: str, expected: str | None) -> int:
    """Digest the files at PATH and say which version they are; exit 4 when they are none.

    Without --version, PATH may be any version of any dataset; when it is none, it is compared
    with the one that is nearest.
    """
    from afield.cli.progress import Meter
    from afield.datasets.check import compare_files
    from afield.workspace.data_documents import version_part
    from afield.workspace.datasets import files_of, find, nearest, present

    session = session_of(context)
    workspace = session.workspace()
    wanted = find(workspace, expected) if expected else None
    full = os.path.abspath(path)  # noqa: PTH100 - links in it are the person's own
    total = None
    if session.is_terminal(sys.stderr):
        from afield.datasets.walk import measure

        total = measure(full)
    with Meter(session, "checking", total) as progress:
        found = present(workspace, full, progress)
    version = wanted or nearest(workspace, found)
    if version is None:
        why = "no version of any dataset here shares a file with it"
        raise NotFound("not a known version", path, why, hint=f"afield data add {path} --name …")
    equal = version.tree == found.tree
    changes = compare_files(() if equal else files_of(workspace, version), found.entries)
    document: dict[str, Any] = {
        "schema": "afield.data-check/1",
        "path": full,
        "tree": found.tree,
        "files": len(found.entries),
        "size_bytes": found.size_bytes,
        "equal": equal,
        "version": version_part(workspace, version),
        "added": [] if equal else [entry.path for entry in changes.added],
        "removed": [entry.path for entry in changes.removed],
        "changed": [after.path for _, after in changes.changed],
        "renamed": [{"before": one.before, "after": one.after} for one in changes.renamed],
    }
    if session.json:
        emit_json(document)
    else:
        _say(document)
    return 0 if equal else EXIT_DIFFERENT


def _say(document: dict[str, Any]) -> None:
    label = plain(document["version"]["label"])
    if document["equal"]:
        what = f"{words.count(document['files'], 'file')}, {words.size(document['size_bytes'])}"
        click.echo(f"{click.style(label, fg='green', bold=True)}: {what}, every byte the same")
        return
    click.echo(f"{click.style('not', fg='yellow')} {click.style(label, bold=True)}:")
    rows = [(what, path) for what in ("changed", "added", "removed") for path in document[what]]
    rows += [("renamed", f"{one['before']} → {one['after']}") for one in document["renamed"]]
    for what, path in rows[:SHOWN_MAX]:
        click.echo(f"  {what}  {plain(path)}")
    if len(rows) > SHOWN_MAX:
        click.echo(f"  … and {len(rows) - SHOWN_MAX:,} more (--json)")
