"""`afield digest`: what the others said of their day."""

from __future__ import annotations

from dataclasses import asdict

import click
import msgspec

from afield.cli.output import emit_json
from afield.cli.session import global_options, session_of


@click.command("digest")
@click.option("--day", metavar="DAY", help="Of theirs: 2026-11-23; since your last, if not said.")
@global_options
@click.pass_context
def command(context: click.Context, *, day: str | None) -> None:
    """Show what needs you, then the others' stand-ups since your last working day."""
    from afield.cli.standup_view import digest_lines
    from afield.workspace.team.digest import digest

    session = session_of(context)
    workspace = session.workspace()
    workspace.refresh()
    found = digest(workspace, workspace.config.member, day=day)
    if session.json:
        part = {
            "day": found.day,
            "since_ms": found.since_ms,
            "needs": [asdict(one) for one in found.needs],
            "standups": found.standups,
            "silent": msgspec.to_builtins(found.silent),
            "next_ms": found.next_ms,
        }
        emit_json({"schema": "afield.digest/1", **part})
        return
    for line in digest_lines(workspace, found, session.local_now()):
        click.echo(line)
