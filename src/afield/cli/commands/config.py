"""`afield config`: show and change the settings of the workspace and of the person."""

from __future__ import annotations

import click

from afield.cli.output import emit_json
from afield.cli.session import Session, global_options, session_of
from afield.cli.settings import SETTINGS, Scope, change, known, load_settings, settings_file
from afield.kernel.errors import Usage


@click.command("config")
@click.argument("name", required=False)
@click.argument("value", required=False)
@click.option("--person", is_flag=True, help="For you, in every workspace; else for this one.")
@click.option("--unset", is_flag=True, help="Go back to what holds without it.")
@global_options
@click.pass_context
def command(
    context: click.Context, *, name: str | None, value: str | None, person: bool, unset: bool
) -> None:
    """Show all settings, show one (NAME), or set it (NAME VALUE)."""
    session = session_of(context)
    scope: Scope = "person" if person else "workspace"
    if unset and (name is None or value is not None):
        raise Usage("--unset takes the name of one setting", hint="afield config --unset run.trace")
    if name is not None:
        known(name)
        if unset or value is not None:
            change(session, scope, name, value)
    _show(session, name)


def _show(session: Session, only: str | None) -> None:
    settings = load_settings(session)
    names = [only] if only else list(SETTINGS)
    scopes: tuple[Scope, ...] = ("workspace", "person")
    files = {scope: str(settings_file(session, scope)) for scope in scopes}
    if session.json:
        found = {n: {"value": settings.values[n], "from": settings.origins[n]} for n in names}
        emit_json({"schema": "afield.config/1", "settings": found, "files": files})
        return
    from rich.table import Table

    from afield.cli.screen import draw, styled

    table = Table(box=None, header_style="bold", pad_edge=False)
    for title in ("setting", "value", "from", "meaning"):
        table.add_column(title, overflow="fold")
    for n in names:
        origin = settings.origins[n]
        value = settings.values[n]
        shown = str(value).lower() if isinstance(value, bool) else str(value)
        table.add_row(
            styled(n),
            styled(shown or "-"),
            styled(origin, "dim" if origin == "default" else "cyan"),
            styled(SETTINGS[n].meaning, "dim"),
        )
    draw(session, table)
    if only is None:
        for scope in scopes:
            click.secho(f"{scope}: {files[scope]}", dim=True)
