"""What commands that read tell of damage: answers leave it out, and must not do so in silence."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from afield.cli import words

if TYPE_CHECKING:
    from afield.workspace.workspace import Workspace


def warn_of_damage(workspace: Workspace) -> None:
    """Say on stderr that something of the journal is in no answer, when that is so."""
    damaged = [finding for finding in workspace.damage() if finding.damaged]
    if damaged:
        places = words.count(len(damaged), "place")
        click.secho(
            f"warning: the journal does not verify in {places}; what stood there is in no answer",
            fg="yellow",
            err=True,
        )
        click.echo("hint: afield verify", err=True)
