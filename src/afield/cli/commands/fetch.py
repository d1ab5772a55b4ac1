"""`afield fetch`: bring the bytes of a run, or of a version of data, that are at a remote only."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

import click

from afield.cli import words
from afield.cli.arguments import RUN, short
from afield.cli.output import emit_json, plain
from afield.cli.session import global_options, session_of
from afield.kernel.errors import NotFound

if TYPE_CHECKING:
    from afield.kernel.ids import ObjectId
    from afield.workspace.workspace import Workspace


@click.command("fetch")
@click.argument("what", type=RUN, metavar="RUN|NAME[@VERSION]")
@click.option("--limit", metavar="RATE", help="Bytes a second over the link, as in 500k.")
@global_options
@click.pass_context
def command(context: click.Context, *, what: str, limit: str | None) -> int:
    """Bring all that a run is made of and gave, or the files of a version of data.

    For bytes that `afield sync --data none` or `recent` has left at the remote.
    """
    from afield.cli.commands.sync import PARTLY, pace_of
    from afield.cli.commands.sync import run as run_sync
    from afield.cli.sync_words import document, tell
    from afield.workspace.remotes import remotes
    from afield.workspace.sync import Wishes, missing

    session = session_of(context)
    workspace = session.workspace()
    named, label, roots = _named(workspace, what)
    pace = pace_of(limit)
    documents = []
    lost = missing(workspace, roots)
    for remote in remotes(workspace).values() if lost else ():
        wishes = Wishes(data="none", only=roots)
        report, whole = run_sync(session, workspace, remote, pace, wishes)
        report.left = 0  # what stays is no news
        documents.append(document(remote.name, remote.url, report, whole=whole))
        if not session.json:
            tell(remote.name, report, whole=whole, dry=False)
        lost = missing(workspace, roots)
        if not lost:
            break
    kept_away = _kept_away(workspace, named["run"])
    lost |= kept_away
    if session.json:
        emit_json(
            {
                "schema": "afield.fetched/1",
                **named,
                "whole": not lost,
                "missing": sorted(digest.hex() for digest in lost),
                "remotes": documents,
            }
        )
    elif lost:
        text = f"{words.count(len(lost), 'object')} of it came from no remote of this workspace"
        text += f", {len(kept_away)} of them kept away by residency" if kept_away else ""
        click.secho(f"warning: {text}", fg="yellow", err=True)
    else:
        click.echo(f"{plain(label)}: all of it is here")
    return PARTLY if lost else 0


def _kept_away(workspace: Workspace, run: str | None) -> set[bytes]:
    """Return the files of a run that were kept, and must stay where another device is."""
    from afield.kernel.ids import ObjectId
    from afield.workspace.held_back import held_back

    manifest = None if run is None else workspace.manifest(run)
    if manifest is None:
        return set()
    vault, held = workspace.record.vault, held_back(workspace.record, workspace.projection)
    files = {one.digest for one in (*manifest.inputs, *manifest.outputs) if one.kept}
    if manifest.code is not None and vault.has(ObjectId(manifest.code.tree)):
        files |= {entry.object for entry in vault.get_tree(ObjectId(manifest.code.tree))}
    absent = {bytes.fromhex(one) for one in files if one and not vault.has(ObjectId(one))}
    return {digest for digest in absent if held(digest) is not None}


def _named(
    workspace: Workspace, what: str
) -> tuple[dict[str, str | None], str, Collection[ObjectId]]:
    """Return what is to be fetched: for programs, for people, and as objects.

    Raises:
        NotFound: there is no such run, and no such version of data.
    """
    from afield.runs.errors import RunNotFound
    from afield.workspace.datasets import find, history
    from afield.workspace.sync import roots_of_run, roots_of_version

    try:
        if "@" not in what:
            view = workspace.run(what)
            label = f"{short(view.id)} ({view.name})"
            return {"run": view.id, "dataset": None}, label, roots_of_run(workspace, view.id)
    except NotFound as error:
        names = {version.name for version in history(workspace)}
        if what not in names:
            if not names or not isinstance(error, RunNotFound):
                raise
            why = "neither a run nor a dataset is called so"
            raise RunNotFound("nothing to fetch", what, why, hint="afield data list") from None
    version = find(workspace, what)
    return {"run": None, "dataset": version.label}, version.label, roots_of_version(version)
