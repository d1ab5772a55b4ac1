"""A part of the record in a file: what is said when one is written, and when one is taken in."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from afield.cli import words
from afield.cli.output import emit_json, plain
from afield.cli.progress import Progress
from afield.cli.session import Session

if TYPE_CHECKING:
    from afield.sync.messages import Report
    from afield.sync.pace import Pace
    from afield.workspace.bundle.take import Gap
    from afield.workspace.workspace import Workspace

PARTLY = 3
SHOWN_MAX = 5


def bundle_record(
    session: Session, path: str, word: str, *, data: Any, labels: Sequence[str], pace: Pace
) -> None:
    """Write what is new since `word` into a file, and tell of it."""
    from afield.workspace.bundle.record import write_record
    from afield.workspace.bundle.since import since
    from afield.workspace.remotes import check_labels

    check_labels(labels)
    workspace = session.workspace()
    with Progress(session) as progress:
        progress.step("gathering what is new")
        begin = since(workspace, word)
        done = write_record(workspace, path, begin, data=data, labels=labels, pace=pace)
    report = done.report
    if session.json:
        emit_json(
            {
                "schema": "afield.record-bundled/1",
                "path": done.path,
                "size_bytes": done.size_bytes,
                "since": done.since.words,
                "entries": report.entries_out,
                "packs": report.packs_out,
                "data": data,
                "left_bytes": done.left_bytes,
                "damaged_here": list(report.damaged),
            }
        )
        return
    entries = words.count(report.entries_out, "entry")
    packs = f" and {words.count(report.packs_out, 'pack')}" if report.packs_out else ""
    size = words.size(done.size_bytes)
    click.echo(f"{plain(path)} ({size}): {entries}{packs}, new since {plain(done.since.words)}")
    if done.left_bytes:
        click.echo(f"not in it: {words.size(done.left_bytes)} of files, by --data {data}")
    for pack in report.damaged:
        _warn(f"pack {pack[:16]} is damaged here and is not in it")
    name = Path(path).name
    click.echo(f"take it in with: afield sync {name}")
    if not done.since.heads:
        click.echo(f"begin a copy with it: afield clone {name} DIR")


def sync_file(session: Session, path: str, pace: Pace, *, dry: bool) -> int:
    """Take in what is new in a file, and tell of it; return the exit code."""
    from afield.cli.apart import tell_apart
    from afield.cli.sync_words import Watch, document, tell, tell_of_devices
    from afield.members.query import waiting
    from afield.workspace.apart_documents import apart_parts
    from afield.workspace.bundle.take import take_record
    from afield.workspace.disagreements import disagreements

    workspace = session.workspace()
    workspace.refresh()
    before = disagreements(workspace)
    full = os.path.abspath(os.path.expanduser(path))  # noqa: PTH100, PTH111 - str
    name = Path(path).name
    with Watch(session, name) as watch:
        report, gaps = take_record(workspace, full, pace, dry=dry, watch=watch)
    apart = [one for one in disagreements(workspace) if one not in before]
    if session.json:
        emit_json(
            {
                "schema": "afield.taken/1",
                "dry_run": dry,
                "file": document(name, full, report, whole=not gaps),
                "needs": gap_parts(gaps),
                "disagreements": apart_parts(workspace, apart),
                "waiting": [
                    {"device": each.id, "member": each.member, "entries": each.entries}
                    for each in waiting(workspace.projection)
                ],
            }
        )
    else:
        report.behind = []  # said better by the gaps
        tell(name, report, whole=True, dry=dry)
        tell_gaps(gaps)
        tell_apart(workspace, apart)
        tell_of_devices(workspace)
    return PARTLY if gaps or report.faults or report.lacks else 0


def clone_file(
    session: Session, path: str, target: str, pace: Pace
) -> tuple[Workspace, Report, list[Gap]]:
    """Make a copy of the workspace that a file is of."""
    from afield.cli.sync_words import Watch
    from afield.workspace.bundle.take import clone_record, take_record
    from afield.workspace.person import person_here

    home = os.fspath(Path.home())
    workspace = clone_record(path, target, person=lambda: person_here(session.environ, home))
    session.cleanup.callback(workspace.close)
    with Watch(session, Path(path).name) as watch:
        report, gaps = take_record(workspace, path, pace, watch=watch)
    return workspace, report, gaps


def gap_parts(gaps: Sequence[Gap]) -> list[dict[str, Any]]:
    """Return gaps, for JSON."""
    return [
        {"device": one.device, "first": one.first, "last": one.last, "since": one.since}
        for one in gaps
    ]


def tell_gaps(gaps: Sequence[Gap]) -> None:
    """Say what must be here before the rest can be taken in, and what to ask for."""
    for one in gaps[:SHOWN_MAX]:
        which = f"{one.first:,} to {one.last:,} of device {one.device[:8]}"
        _warn(f"needs what went before: entries {which} are not here")
    if gaps:
        since = min(one.since for one in gaps) if all(_is_day(one) for one in gaps) else "start"
        hint = f"ask for: afield bundle --since {since}"
        click.echo(f"{click.style('hint', fg='cyan')}: {hint}", err=True)


def _is_day(gap: Gap) -> bool:
    return gap.since[:1].isdigit()


def _warn(text: str) -> None:
    click.secho(f"warning: {plain(text)}", fg="yellow", err=True)
