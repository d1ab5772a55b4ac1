"""`afield me`: who writes here, with which roles, and where they are in their day."""

from __future__ import annotations

import click

from afield.cli.output import emit_json, plain
from afield.cli.session import global_options, session_of


@click.command("me")
@global_options
@click.pass_context
def command(context: click.Context) -> None:
    """Show who you are to this record: name, device, roles, zone, hours, and what is assumed."""
    from afield.cli.hours_view import tell_hours
    from afield.cli.member_view import roles_in_words
    from afield.workspace.access_review import member_part
    from afield.workspace.membership import members
    from afield.workspace.team.hours import hours_part

    session = session_of(context)
    session.tells_own = True
    workspace = session.workspace()
    workspace.refresh()
    config = workspace.config
    own = next((member_part(one) for one in members(workspace) if one.id == config.member), None)
    roles = {} if own is None else own["roles"]
    part = hours_part(workspace, config.member)
    if session.json:
        told = {"device": config.device, "workspace": config.workspace, "roles": roles}
        emit_json({"schema": "afield.me/1", **part, **told})
        return
    tell_hours(part)
    click.echo(plain(f"  roles: {roles_in_words(roles)}"))
    click.echo(f"  this device: {config.device[:8]}, of record {config.workspace[:8]}")
