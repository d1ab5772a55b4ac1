"""The page of a dataset, drawn from its `afield.data/1` document."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from afield.cli import screen, words
from afield.cli.output import plain
from afield.cli.screen import grid, styled

LINES_MAX = 8


def dataset_page(
    document: dict[str, Any], now: datetime, *, everything: bool
) -> Iterator[RenderableType]:
    """Yield what is printed for a version."""
    most = None if everything else LINES_MAX
    title = Text()
    title.append(plain(document["label"]), style="bold")
    title.append(f"  {document['tree']}", style="dim")
    yield title
    if document["message"]:
        yield styled(document["message"], "cyan")
    yield Text()
    table = grid()
    what = f"{words.count(document['files'], 'file')}, {words.size(document['size_bytes'])}"
    table.add_row("holds", styled(what))
    table.add_row("added", styled(f"{words.ago(document['added'], now)} by {document['by']}"))
    table.add_row("versions", _versions(document["versions"], now, most))
    table.add_row("files", _files(document["contents"], most))
    table.add_row("card", _card(document["card"]))
    yield table


def _versions(versions: list[dict[str, Any]], now: datetime, most: int | None) -> RenderableType:
    table = Table.grid(padding=(0, 2, 0, 0))
    newest_first = versions[::-1]
    for one in newest_first[:most]:
        table.add_row(
            styled(one["label"]),
            styled(one["tree"][:12], "dim"),
            styled(words.size(one["size_bytes"])),
            styled(words.ago(one["added"], now)),
            styled((one["message"] or "").partition("\n")[0]),
        )
    return screen.with_rest(table, len(versions), most)


def _files(files: list[dict[str, Any]], most: int | None) -> RenderableType:
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(overflow="fold")
    table.add_column(justify="right", no_wrap=True)
    for one in files[:most]:
        table.add_row(styled(one["path"]), styled(words.size(one["size_bytes"])))
    return screen.with_rest(table, len(files), most)


def _card(card: dict[str, Any]) -> RenderableType:
    lines = [styled(f"{name}: {text}") for name, text in card["fields"].items() if text]
    if card["missing"]:
        lines.append(styled(f"missing: {', '.join(card['missing'])}", "yellow"))
    return screen.lines(lines, None)
