"""What `afield clone` and `afield join URL` share: a first sync, and what is told of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from afield.cli.output import emit_json, plain

if TYPE_CHECKING:
    from collections.abc import Sequence

    from afield.cli.session import Session
    from afield.sync.messages import Report
    from afield.workspace.bundle.take import Gap
    from afield.workspace.workspace import Workspace


def join_remote(session: Session, url: str) -> int:
    """Join the workspace at a remote, from the folder that the person stands in.

    Raises:
        RemoteForeign: the folder holds another workspace, or there is none at the remote.
        RemoteUnreachable: nobody answers there, or not with a certificate that is trusted.
    """
    import os
    from pathlib import Path

    from afield.cli.commands.sync import PARTLY, pace_of, run
    from afield.workspace.joining import join
    from afield.workspace.person import person_here
    from afield.workspace.sync import Wishes

    home = os.fspath(Path.home())
    folder = os.path.abspath(os.path.expanduser(session.workspace_path or session.here()))  # noqa: PTH100, PTH111 - text, as `here` is
    workspace, remote = join(url, folder, person=lambda: person_here(session.environ, home))
    session.cleanup.callback(workspace.close)
    report, whole = run(session, workspace, remote, pace_of(None), Wishes())
    tell_joined(session, workspace, (remote.name, remote.url), report, whole=whole)
    return 0 if whole and not (report.faults or report.lacks) else PARTLY


def tell_joined(
    session: Session,
    workspace: Workspace,
    remote: tuple[str, str],
    report: Report,
    *,
    whole: bool,
    gaps: Sequence[Gap] = (),
) -> None:
    """Tell what came of the first sync with a remote (name, address), and the safety phrase."""
    from afield.cli.bundle_record import tell_gaps
    from afield.cli.commands.join import phrase_of
    from afield.cli.sync_words import document, tell
    from afield.workspace.joining import is_confirmed

    phrase, name = phrase_of(workspace, workspace.config.device), remote[0]
    confirmed = is_confirmed(workspace)
    if session.json:
        emit_json(
            {
                "schema": "afield.cloned/1",
                "path": str(workspace.path),
                "workspace": workspace.config.workspace,
                "device": workspace.config.device,
                "confirmed": confirmed,
                "phrase": phrase,
                "remote": document(*remote, report, whole=whole),
            }
        )
        return
    click.echo(f"this copy is at {plain(workspace.path)}")
    tell(name, report, whole=whole or bool(gaps), dry=False)
    tell_gaps(gaps)
    if confirmed:
        click.echo(f"this device ({workspace.config.device[:8]}) counts")
        return
    click.echo(f"safety phrase of this device: {phrase}")
    click.echo("say it to a colleague, who types: afield join PHRASE")
