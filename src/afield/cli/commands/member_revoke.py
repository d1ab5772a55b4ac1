"""`afield member revoke`: take a role from somebody."""

from __future__ import annotations

import click

from afield.cli.session import global_options, session_of


@click.command("revoke")
@click.argument("name")
@click.argument("role")
@click.option("--project", default="*", metavar="NAME", help="In this project; else in every one.")
@click.option("--hub", metavar="URL", help="At a hub, not in this workspace.")
@global_options
@click.pass_context
def command(context: click.Context, name: str, role: str, project: str, hub: str | None) -> None:
    """Take a ROLE from the member NAME.

    It counts for what is written from now on. docs/access.md says what each role allows.
    """
    from afield.cli.member_role import change

    change(session_of(context), name, role, project=project, hub=hub, grant=False)
