"""Pages as people read them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

from afield.cli.output import emit_json, plain
from afield.cli.when import when

if TYPE_CHECKING:
    from afield.cli.session import Session
    from afield.teamwork.query import Item
    from afield.workspace.workspace import Workspace

_ID_CHARS = 8
_STATES = {
    "ok": "",
    "due": "  to be looked at again",
    "conflicted": "  two versions of a paragraph",
}


def page_row(part: dict[str, Any], now: datetime) -> str:
    """Return a page as one line."""
    touched = when(part["touched_ms"], now)
    state = _STATES[part["state"]]
    return plain(f"{part['id'][:_ID_CHARS]}  {part['title']}  {touched}{state}")


def page_lines(part: dict[str, Any], now: datetime) -> Iterator[str]:
    """Yield the lines of a page."""
    yield page_row(part, now)
    review = f", holds until {part['review']}" if part["review"] else ""
    yield plain(f"  {part['owner_name'] or part['by']} looks after it{review}")
    yield ""
    yield from (plain(line) for line in part["text"].splitlines())
    if part["about"] or part["named_by"]:
        yield ""
    for link in part["about"]:
        yield plain(f"  links to {part['labels'][link]}")
    for link in part["named_by"]:
        yield plain(f"  named by {part['labels'][link]}")
    for words in part["broken"]:
        yield plain(f"  nothing here is called {words}")


def do(session: Session, words: str, act: Callable[[Workspace, Item], Item]) -> None:
    """Do something with the page of an id, and show it."""
    from afield.teamwork.sorts.page import PAGE
    from afield.workspace.team.items import find_item

    workspace = session.writing("team.write")
    workspace.refresh()
    tell(session, workspace, act(workspace, find_item(workspace, PAGE, words)))


def tell(session: Session, workspace: Workspace, item: Item) -> None:
    """Show a page."""
    from afield.workspace.team.pages import page_part

    part = page_part(workspace, item)
    if session.json:
        emit_json({"schema": "afield.page/1", **part})
        return
    for line in page_lines(part, session.local_now()):
        click.echo(line)


def text_of(session: Session, file: str | None, before: str) -> str:
    """Return a page's new text: of a file, of stdin (`-`), or as a person edits it in $EDITOR.

    Raises:
        Usage: the file cannot be read, or nobody can edit here.
    """
    import sys
    from pathlib import Path

    from afield.kernel.errors import Usage

    if file == "-":
        return sys.stdin.read()
    if file is not None:
        try:
            return Path(file).expanduser().read_text(encoding="utf-8")
        except (OSError, ValueError) as error:
            raise Usage("cannot read the text", file, str(error)) from error
    if not session.is_terminal() or session.json:
        raise Usage("no text is given", why="this is no terminal", hint="--file FILE, or --file -")
    return click.edit(before, extension=".md") or before
