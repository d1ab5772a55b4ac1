"""`afield member second-factor`: set up the codes that a hub asks for besides your password."""

from __future__ import annotations

import click

from afield.cli.output import emit_json, plain
from afield.cli.session import global_options, session_of


@click.command("second-factor")
@click.option("--hub", metavar="URL", required=True, help="The hub that your account is at.")
@click.option("--user", metavar="NAME", help="Your name there; asked for otherwise.")
@global_options
@click.pass_context
def command(context: click.Context, *, hub: str, user: str | None) -> None:
    """Set up an authenticator app for your own account at a hub: you log in with the password.

    The address that is shown is for the app; it and the recovery codes are shown this once.
    """
    from afield.cli.hub_client import hub_of

    session = session_of(context)
    client = hub_of(session, hub, person=True, user=user)
    begun = client.ask("POST", "/account/totp/begin", {})
    click.echo("add this to your authenticator app:", err=True)
    click.echo(f"  {plain(begun['uri'])}", err=True)
    code = click.prompt("the code that it shows", err=True)
    found = client.confirm_factor(code)
    if session.json:
        emit_json({"schema": "afield.recovery-codes/1", "recovery_codes": found})
        return
    click.echo("keep these recovery codes, each good once, where nobody else finds them:", err=True)
    for one in found:
        click.echo(plain(one))
