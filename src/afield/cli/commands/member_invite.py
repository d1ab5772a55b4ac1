"""`afield member invite`: let somebody in with roles: a device that waits, or a hub's account."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from afield.cli.output import emit_json, plain
from afield.cli.session import Session, global_options, session_of
from afield.kernel.errors import NotFound

if TYPE_CHECKING:
    from afield.members.roles import Role


@click.command("invite")
@click.argument("who", nargs=-1, required=True, metavar="PHRASE|NAME")
@click.option("--role", "roles", multiple=True, required=True, metavar="ROLE[:PROJECT]")
@click.option("--hub", metavar="URL", help="Make an account NAME at a hub.")
@global_options
@click.pass_context
def command(
    context: click.Context, who: tuple[str, ...], roles: tuple[str, ...], hub: str | None
) -> None:
    """Confirm the device whose PHRASE you were told, its member holding these roles only.

    With --hub, make an account for NAME there, and print the code with which its owner sets a
    password. `--role developer:vision` is a role in one project.
    """
    from afield.cli.member_role import role_of

    session = session_of(context)
    given = []
    for text in roles:
        role, _, project = text.partition(":")
        given.append((project or "*", role_of(role)))
    if hub is None:
        _confirm(session, " ".join(who), given)
    else:
        _account(session, " ".join(who), given, hub)


def _confirm(session: Session, phrase: str, roles: list[tuple[str, Role]]) -> None:
    from afield.members.phrase import same_phrase
    from afield.members.query import waiting
    from afield.workspace.access_review import member_part
    from afield.workspace.joining import phrase_of
    from afield.workspace.membership import find_member, let_in

    workspace = session.workspace()
    workspace.refresh()
    devices = waiting(workspace.projection)
    found = [
        one
        for one in devices
        if same_phrase(phrase, phrase_of(workspace, one.id, one.public_key) or "")
    ]
    if not found:
        why = f"none of {len(devices)} that wait has it" if devices else "no device waits here"
        raise NotFound("no device with this phrase", phrase, why, hint="afield sync")
    let_in(workspace, found[0], roles)
    part = member_part(find_member(workspace, found[0].member))
    if session.json:
        emit_json({"schema": "afield.member/1", **part})
        return
    click.echo(f"confirmed: device {found[0].id[:8]} of {plain(part['name'])}")
    click.echo("tell the others: afield sync")


def _account(session: Session, name: str, roles: list[tuple[str, Role]], hub: str) -> None:
    from afield.cli.hub_client import hub_of

    given = [{"role": role, "project": project} for project, role in roles]
    found = hub_of(session, hub).ask("POST", "/members", {"username": name, "roles": given})
    if session.json:
        emit_json(found)
        return
    click.echo(f"invited: {plain(name)}; a code for the page's login, good once and for 7 days:")
    click.echo(found["code"])
