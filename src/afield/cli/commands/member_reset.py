"""`afield member reset`: a code for somebody who forgot the password of a hub's account."""

from __future__ import annotations

import click

from afield.cli.output import emit_json, plain
from afield.cli.session import global_options, session_of


@click.command("reset")
@click.argument("name")
@click.option("--hub", metavar="URL", required=True, help="The hub that the account is at.")
@click.option("--drop-second-factor", is_flag=True, help="The second factor was lost, too.")
@click.option("--user", metavar="ADMIN", help="Whose account asks; asked for otherwise.")
@global_options
@click.pass_context
def command(
    context: click.Context, name: str, *, hub: str, drop_second_factor: bool, user: str | None
) -> None:
    """Print a code with which NAME sets another password; you log in, since no token may ask.

    Make sure first that it is NAME who asks you. A second factor stays unless it is dropped.
    """
    from afield.cli.hub_client import hub_of

    session = session_of(context)
    body = {"drop_second_factor": drop_second_factor}
    client = hub_of(session, hub, person=True, user=user)
    found = client.ask("POST", f"/members/{name}/reset", body)
    if session.json:
        emit_json(found)
        return
    click.echo(f"{plain(name)} sets another password within a day at:", err=True)
    click.echo(f"{hub.rstrip('/')}/reset#{found['code']}")
