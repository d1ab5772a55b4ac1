"""`afield token list`: your tokens at a hub."""

from __future__ import annotations

from datetime import UTC, datetime

import click

from afield.cli.output import emit_json, plain
from afield.cli.session import global_options, session_of


@click.command("list")
@click.option("--hub", metavar="URL", required=True, help="The hub to ask.")
@click.option("--user", metavar="NAME", help="Whose account; asked for otherwise.")
@global_options
@click.pass_context
def command(context: click.Context, hub: str, user: str | None) -> None:
    """List your tokens: what each is for, until when, and whether it is used."""
    from afield.cli.hub_client import hub_of

    session = session_of(context)
    found = hub_of(session, hub, user=user).ask("GET", "/tokens")
    if session.json:
        emit_json(found)
        return
    for one in found["tokens"]:
        what = "everything" if one["actions"] is None else ", ".join(one["actions"])
        where = f" in {plain(one['project'])}" if one["project"] else ""
        until = datetime.fromtimestamp(one["expires_ms"] / 1000, UTC).date()
        used = "" if one["used_ms"] else ", never used"
        click.echo(f"{one['id']}  {plain(one['name'])}: {what}{where}, until {until}{used}")
    if not found["tokens"]:
        click.echo("no tokens")
