"""What `afield clone` and `afield join URL` share: what is told of a first sync and the device."""

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
    from afield.cli.sync_words import document, tell
    from afield.workspace.joining import is_confirmed, phrase_of

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
