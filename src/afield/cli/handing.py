"""What the commands of `afield handover` share: one is found, something is done, it is shown."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import click

from afield.cli.output import emit_json

if TYPE_CHECKING:
    from afield.cli.session import Session
    from afield.teamwork.query import Item
    from afield.workspace.workspace import Workspace

SCHEMA = "afield.handover/1"
_ID_CHARS = 8


def do(session: Session, words: str, act: Callable[[Workspace, Item], Item]) -> None:
    """Do something with the handover of an id, and show how it stands."""
    from afield.teamwork.sorts.handover import HANDOVER
    from afield.workspace.team.items import find_item

    workspace = session.writing("team.write")
    workspace.refresh()
    tell(session, workspace, act(workspace, find_item(workspace, HANDOVER, words)))


def tell(session: Session, workspace: Workspace, item: Item) -> None:
    """Show a handover."""
    from afield.cli.handover_view import handover_lines
    from afield.workspace.team.handover_documents import handover_part

    part = handover_part(workspace, item)
    if session.json:
        emit_json({"schema": SCHEMA, **part})
        return
    session.say(handover_lines(part, session.local_now()))
    if workspace.config.member in part["waits_for"]:
        id_ = part["id"][:_ID_CHARS]
        click.echo(f'  hint: afield handover accept {id_} "what you take over, in your words"')
        click.echo(f'        afield handover question {id_} "…" --line N; or decline, as well')
