"""`afield sync`: make this copy of the workspace and its remotes one."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

from afield.cli.output import emit_json
from afield.cli.session import Session, global_options, session_of

if TYPE_CHECKING:
    from afield.sync.messages import Report
    from afield.sync.pace import Pace
    from afield.workspace.remotes import Remote
    from afield.workspace.sync import Wishes
    from afield.workspace.workspace import Workspace

PARTLY = 3
_LOOK_S = 30.0


@click.command("sync")
@click.argument("name", required=False)
@click.option("--dry-run", is_flag=True, help="Say what would travel, and move nothing.")
@click.option("--limit", metavar="RATE", help="Bytes a second over the link, as in 500k.")
@click.option("--at", "window", metavar="HH:MM-HH:MM", help="Wait for, and keep to, these hours.")
@click.option(
    "--data",
    type=click.Choice(["all", "recent", "none"]),
    default="all",
    help="Which bytes of files travel: all, of the last 30 days, or the record alone.",
)
@global_options
@click.pass_context
def command(
    context: click.Context,
    *,
    name: str | None,
    dry_run: bool,
    limit: str | None,
    window: str | None,
    data: Any,
) -> int:
    """Exchange what is new with the remote NAME, or with all of them.

    NAME may be a file that `afield bundle --since` made: what is new in it is taken in.

    May be stopped at any time and repeated at any time, while runs are running too: what was
    moved stays, and the next sync goes on from there.
    """
    from afield.cli.apart import tell_apart
    from afield.cli.sync_words import branch_ends, tell_of_devices
    from afield.kernel.errors import Refused
    from afield.workspace.apart_documents import apart_parts
    from afield.workspace.disagreements import disagreements
    from afield.workspace.remotes import find_remote, remotes
    from afield.workspace.sync import Wishes

    session = session_of(context)
    if name and name.endswith(".afield"):
        from afield.cli.bundle_record import sync_file

        return sync_file(session, name, pace_of(limit), dry=dry_run)
    workspace = session.workspace()
    chosen = [find_remote(workspace, name)] if name else list(remotes(workspace).values())
    if not chosen:
        hint = "afield remote add team PATH"
        raise Refused("cannot sync", why="this workspace has no remote", hint=hint)
    pace, go_on = pace_of(limit), _hours(window, wait=not dry_run)
    workspace.refresh()
    before, known = disagreements(workspace), branch_ends(workspace)
    wishes = Wishes(data=data, dry=dry_run)
    documents, failed, partly = _each(session, workspace, chosen, pace, wishes, go_on=go_on)
    apart = [one for one in disagreements(workspace) if one not in before]
    if session.json:
        said = {"schema": "afield.sync/1", "dry_run": dry_run, "remotes": documents}
        said["unreachable"] = [{"name": name, "why": why} for name, why in failed.items()]
        emit_json({**said, **_devices(workspace), "disagreements": apart_parts(workspace, apart)})
    else:
        tell_apart(workspace, apart)
        tell_of_devices(workspace, known)
    return PARTLY if partly or failed else 0


def _each(
    session: Session,
    workspace: Workspace,
    chosen: Sequence[Remote],
    pace: Pace,
    wishes: Wishes,
    *,
    go_on: Callable[[], bool],
) -> tuple[list[dict[str, Any]], dict[str, str], bool]:
    """Sync with each remote; one that is away keeps nobody from the others.

    Returns:
        What came of each; why others were not reached, by name; whether one was synced in part.

    Raises:
        RemoteUnreachable, RemoteForbidden: none of them was reached.
    """
    from afield.cli.sync_words import document, tell, tell_stays
    from afield.sync.errors import RemoteForbidden, RemoteUnreachable
    from afield.workspace.residency import stays

    documents, partly = [], False
    failed: dict[str, str] = {}
    for remote in chosen:
        try:
            report, whole = run(session, workspace, remote, pace, wishes, go_on=go_on)
        except (RemoteUnreachable, RemoteForbidden) as fault:
            failed[remote.name] = fault.message
            if len(failed) == len(chosen):
                raise
            click.secho(f"warning: {remote.name}: {fault.message}", fg="yellow", err=True)
            continue
        partly = partly or not whole or bool(report.faults or report.damaged or report.lacks)
        held = stays(workspace, remote)
        told = document(remote.name, remote.url, report, whole=whole)
        told["stays"] = [{"dataset": one, "places": places} for one, places in held.items()]
        documents.append(told)
        if not session.json:
            tell(remote.name, report, whole=whole, dry=wishes.dry)
            tell_stays(remote.name, remote.labels, held)
    return documents, failed, partly


def _devices(workspace: Workspace) -> dict[str, Any]:
    """Return which devices wait, which gave one number to two entries, and what was refused."""
    from afield.cli.sync_words import branches
    from afield.members.query import late, waiting
    from afield.members.removal import overruled
    from afield.workspace.access_review import refused_parts
    from afield.workspace.sync import devices_ahead

    found = [
        {"device": each.id, "member": each.member, "entries": each.entries}
        for each in waiting(workspace.projection)
    ]
    return {
        "waiting": found,
        "removed": [
            {"device": device, "entries": count}
            for device, count in late(workspace.projection).items()
        ],
        "overruled": [
            {"device": device, "removed": other}
            for device, other in overruled(workspace.projection, workspace.config.removed)
        ],
        "ahead": [
            {"device": device, "until_ms": at_ms}
            for device, at_ms in devices_ahead(workspace).items()
        ],
        "branches": branches(workspace),
        "refused": refused_parts(workspace),
    }


def run(
    session: Session,
    workspace: Workspace,
    remote: Remote,
    pace: Pace,
    wishes: Wishes,
    *,
    go_on: Callable[[], bool] = lambda: True,
) -> tuple[Report, bool]:
    """Sync with one remote, showing how it goes."""
    from afield.cli.sync_words import Watch
    from afield.workspace.sync import sync

    with Watch(session, remote.name) as watch:
        return sync(workspace, remote, pace, wishes, watch=watch, go_on=go_on)


def pace_of(limit: str | None) -> Pace:
    """Return the pace that `--limit` asks for."""
    from afield.sync.pace import Pace, parse_rate

    rate = None if limit is None else parse_rate(limit)
    return Pace(rate, monotonic_s=time.monotonic, sleep=time.sleep)


def _hours(text: str | None, *, wait: bool) -> Callable[[], bool]:
    """Wait until the hours that `--at` names have come; return what tells if they still last."""
    from afield.sync.pace import parse_window

    if text is None:
        return lambda: True
    window = parse_window(text)
    if not wait:
        return lambda: True

    def wait_min() -> int:
        now = datetime.now().astimezone()
        return window.wait_min(now.hour * 60 + now.minute)

    if wait_min():
        click.echo(f"waiting for {text}", err=True)
    while wait_min():
        time.sleep(_LOOK_S)
    return lambda: not wait_min()
