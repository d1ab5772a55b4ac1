"""`afield token create`: a new token, shown once."""

from __future__ import annotations

import click

from afield.cli.output import emit_json
from afield.cli.session import global_options, session_of


@click.command("create")
@click.argument("name")
@click.option("--hub", metavar="URL", required=True, help="The hub that the token is for.")
@click.option("--user", metavar="NAME", help="Whose account; asked for otherwise.")
@click.option("--action", "actions", multiple=True, metavar="ACTION", help="Allow this; repeat it.")
@click.option("--project", metavar="NAME", help="Good for this project alone.")
@click.option("--days", type=int, default=90, show_default=True, help="Good for so long.")
@global_options
@click.pass_context
def command(
    context: click.Context,
    *,
    name: str,
    hub: str,
    user: str | None,
    actions: tuple[str, ...],
    project: str | None,
    days: int,
) -> None:
    """Make a token NAME that allows what you may do, or part of it. It is shown this once.

    MLflow's client takes it as MLFLOW_TRACKING_TOKEN.
    """
    from afield.cli.hub_client import hub_of

    session = session_of(context)
    body = {"name": name, "actions": list(actions) or None, "project": project, "days": days}
    found = hub_of(session, hub, person=True, user=user).ask("POST", "/tokens", body)
    if session.json:
        emit_json(found)
        return
    click.echo(found["token"])
    click.echo("keep it now: it is not shown again", err=True)
