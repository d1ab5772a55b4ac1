"""What `afield member grant` and `afield member revoke` do: a role of somebody's is changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from afield.cli.output import emit_json, plain
from afield.kernel.errors import Usage

if TYPE_CHECKING:
    from afield.cli.session import Session
    from afield.members.roles import Role


def change(
    session: Session, name: str, role: str, *, project: str, hub: str | None, grant: bool
) -> None:
    """Change a role, here or at a hub, and say what the member holds now."""
    from afield.cli.hub_client import hub_of
    from afield.cli.member_view import roles_in_words
    from afield.workspace.access_review import member_part
    from afield.workspace.membership import change_role, find_member

    said = role_of(role)
    found: dict[str, Any]
    if hub is not None:
        body = {"role": said, "project": project, "grant": grant}
        found = hub_of(session, hub).ask("POST", f"/members/{name}/roles", body)
    else:
        workspace = session.workspace()
        workspace.refresh()
        member = find_member(workspace, name).id
        change_role(workspace, member, said, project=project, grant=grant)
        found = member_part(find_member(workspace, member))
    if session.json:
        emit_json({"schema": "afield.member/1", **found})
        return
    click.echo(f"{plain(found['name'])} holds now: {roles_in_words(found['roles'])}")
    if hub is None:
        click.echo("tell the others: afield sync")


def role_of(text: str) -> Role:
    """Return the role that somebody typed.

    Raises:
        Usage: there is no such role.
    """
    from afield.members.roles import Role

    try:
        return Role(text.strip().lower().replace(" ", "-").replace("_", "-"))
    except ValueError:
        raise Usage("no such role", text, f"one of {', '.join(Role)}") from None
