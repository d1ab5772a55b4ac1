"""`afield token revoke`: a token that opens nothing any more."""

from __future__ import annotations

import click

from afield.cli.output import emit_json
from afield.cli.session import global_options, session_of


@click.command("revoke")
@click.argument("token_id", metavar="ID")
@click.option("--hub", metavar="URL", required=True, help="The hub that it is for.")
@click.option("--user", metavar="NAME", help="Whose account; asked for otherwise.")
@global_options
@click.pass_context
def command(context: click.Context, token_id: str, hub: str, user: str | None) -> None:
    """Revoke your token ID, as `afield token list` shows it; at once."""
    from afield.cli.hub_client import hub_of

    session = session_of(context)
    hub_of(session, hub, user=user).ask("DELETE", f"/tokens/{token_id}")
    if session.json:
        emit_json({"schema": "afield.token-revoked/1", "id": token_id})
        return
    click.echo(f"revoked: {token_id}")
