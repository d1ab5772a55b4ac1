"""`afield import folder`: folders that lie side by side, as the versions of one dataset."""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from afield.cli import words
from afield.cli.output import emit_json, plain
from afield.cli.session import Session, global_options, session_of

if TYPE_CHECKING:
    from afield.workspace.bring.folders import Folder

PARTLY = 3
SHOWN_MAX = 5


@click.command("folder")
@click.argument("paths", type=click.Path(exists=True), nargs=-1, required=True, metavar="PATH…")
@click.option("--name", required=True, metavar="NAME", help="What the dataset is called.")
@click.option("--by-time", is_flag=True, help="Order them by their newest file, not as given.")
@click.option("--dry-run", is_flag=True, help="Say in which order, and bring nothing.")
@click.option("--no-profile", is_flag=True, help="Do not look into tables.")
@global_options
@click.pass_context
def command(
    context: click.Context,
    *,
    paths: tuple[str, ...],
    name: str,
    by_time: bool,
    dry_run: bool,
    no_profile: bool,
) -> int:
    """Make each PATH, a folder or file, a version of one dataset, the oldest first.

    \b
    afield import folder data_v1 data_v2 data_final --name data

    The name of each folder is the version's message. Repeated, it brings only what changed.
    """  # noqa: D301 - click's mark for text that is not wrapped
    from afield.datasets.reference import parse_name
    from afield.workspace.bring.folders import dated

    session = session_of(context)
    parse_name(name)
    folders = dated([os.path.abspath(path) for path in paths])  # noqa: PTH100 - links are theirs
    ordered = sorted(folders, key=lambda one: one.newest_ns) if by_time else folders
    document: dict[str, Any] = {
        "schema": "afield.imported/1",
        "from": "folder",
        "name": name,
        "dry_run": dry_run,
        "folders": [
            {"path": one.path, "newest": datetime.fromtimestamp(one.newest_ns / 1e9, UTC)}
            for one in ordered
        ],
        "in_order": ordered == sorted(ordered, key=lambda one: one.newest_ns),
        "added": [],
        "known": 0,
        "card": None,
        "left_out": [],
    }
    if not dry_run:
        document |= _bring(session, name, ordered, no_profile=no_profile)
    if session.json:
        emit_json(document)
    else:
        _say(document)
    return PARTLY if any(not one["path"].endswith("/") for one in document["left_out"]) else 0


def _bring(
    session: Session, name: str, folders: list[Folder], *, no_profile: bool
) -> dict[str, Any]:
    from afield.cli.progress import Meter
    from afield.datasets.walk import measure
    from afield.runs.secrets import known_values, redact
    from afield.workspace.bring.folders import bring_folders
    from afield.workspace.data_documents import card_part, version_part
    from afield.workspace.datasets import card_of

    workspace = session.workspace()
    known = known_values(session.environ, folder=os.fspath(session.folder()))
    messages = [redact(os.path.basename(one.path), known=known)[0] for one in folders]  # noqa: PTH119
    total = None
    if session.is_terminal(sys.stderr):  # only who sees the time left pays for it
        sizes = [measure(one.path) for one in folders]
        total = (sum(files for files, _ in sizes), sum(size for _, size in sizes))
    with (
        Meter(session, "importing", total) as progress,
        Meter(session, "looking into") as profiling,
    ):
        made, kept, same = bring_folders(
            workspace,
            name,
            folders,
            words=messages,
            progress=progress,
            profiling=None if no_profile else profiling,
        )
    return {
        "added": [version_part(workspace, one) for one in made],
        "known": same,
        "card": card_part(card_of(workspace, name)),
        "left_out": [
            {"folder": folder.path, "path": path, "why": why}
            for folder, one in zip(folders, kept, strict=True)
            for path, why in one.left_out
        ],
    }


def _say(document: dict[str, Any]) -> None:
    if document["dry_run"]:
        for number, one in enumerate(document["folders"], 1):
            when = one["newest"].astimezone().strftime("%Y-%m-%d %H:%M")
            click.echo(f"{number}. {plain(one['path'])}  (newest file of {when})")
    for one in document["added"]:
        size = f"{words.count(one['files'], 'file')}, {words.size(one['size_bytes'])}"
        label = click.style(plain(one["label"]), bold=True)
        click.echo(f"added {label}: {size}  {one['tree'][:12]}  {plain(one['message'])}")
    if document["known"]:
        click.echo(f"{words.count(document['known'], 'version')} known already")
    if not document["in_order"]:
        text = "by their newest files the folders are in another order"
        click.secho(f"warning: {text}", fg="yellow", err=True)
        click.echo(f"{click.style('hint', fg='cyan')}: --by-time orders them so", err=True)
    missing = document["card"]["missing"] if document["added"] else ()
    if missing:
        click.echo(f"the data card says nothing of {', '.join(missing)}", err=True)
        example = f"afield data card {document['name']} --set {missing[0]}=…"
        click.echo(f"{click.style('hint', fg='cyan')}: {example}", err=True)
    for one in document["left_out"][:SHOWN_MAX]:
        click.echo(f"left out: {plain(one['path'])}: {plain(one['why'])}", err=True)
    if len(document["left_out"]) > SHOWN_MAX:
        click.echo(f"… and {len(document['left_out']) - SHOWN_MAX} more (--json)", err=True)
