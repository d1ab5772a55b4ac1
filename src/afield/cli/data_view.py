"""The page of a dataset, drawn from its `afield.data/1` document."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from afield.cli import screen, words
from afield.cli.apart import in_words
from afield.cli.output import plain
from afield.cli.screen import grid, styled

LINES_MAX = 8
VALUE_CHARS_MAX = 19


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
    if document["source"]:
        table.add_row("from", styled(_source(document["source"])))
    table.add_row("versions", _versions(document["versions"], now, most))
    if document["here"]:
        table.add_row("files", _files(document["contents"], most))
    else:
        table.add_row("files", styled("the list of them is not on this machine", "yellow"))
    for name, part in _profile(document["profile"], most):
        table.add_row(name, part)
    table.add_row("card", _card(document["card"]))
    if document["disagreements"]:
        apart = [styled(in_words(one, now), "yellow") for one in document["disagreements"]]
        table.add_row("both sides", screen.lines(apart, most))
    yield table


def _source(source: dict[str, str]) -> str:
    """Word where a version was brought from: the tool, the path there, the commit."""
    said = f"{source['kind']}: {source.get('place', 'what it told is not here')}"
    if source.get("commit"):
        said += f", commit {source['commit'][:12]}"
    if source.get("author"):
        said += f" by {source['author']}"
    return f"{said}, {source['date']}" if source.get("date") else said


def _versions(versions: list[dict[str, Any]], now: datetime, most: int | None) -> RenderableType:
    table = Table.grid(padding=(0, 2, 0, 0))
    newest_first = versions[::-1]
    several = len({one["by"] for one in versions}) > 1
    for one in newest_first[:most]:
        table.add_row(
            styled(one["label"]),
            styled(one["tree"][:12], "dim"),
            styled(words.size(one["size_bytes"])),
            styled(words.ago(one["added"], now) + (f" by {one['by']}" if several else "")),
            styled(_then(one), "yellow"),
            styled((one["message"] or "").partition("\n")[0]),
        )
    return screen.with_rest(table, len(versions), most)


def _then(one: dict[str, Any]) -> str:
    """Say what a version was called where it was added, when that was something else."""
    then = one["number_then"]
    return "" if then == one["version"] else f"was {one['name']}@{then} before the sync"


def _files(files: list[dict[str, Any]], most: int | None) -> RenderableType:
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(overflow="fold")
    table.add_column(justify="right", no_wrap=True)
    for one in files[:most]:
        table.add_row(styled(one["path"]), styled(words.size(one["size_bytes"])))
    return screen.with_rest(table, len(files), most)


def _profile(
    found: dict[str, Any] | None, most: int | None
) -> Iterator[tuple[str, RenderableType]]:
    if found is None:
        return
    for group in found["tables"][:most]:
        rows = (
            f"{words.count(group['rows'], 'row')}, {words.count(len(group['columns']), 'column')}"
        )
        more = f" and {group['files'] - 1} more" if group["files"] > 1 else ""
        yield "table", styled(f"{group['path']}{more}: {rows}")
        yield "", column_table(group["columns"], most)
        if group.get("columns_not_read"):
            left = words.count(group["columns_not_read"], "more column")
            yield "", styled(f"{left} not looked into", "dim")
        if group.get("repeated"):
            yield "", styled(repeated_words(group["repeated"]), "yellow")
    for one in found["skipped"][:most]:
        yield "no table", styled(f"{one['path']}: {one['why']}", "yellow")
    if found["not_read"]:
        yield (
            "",
            styled(f"{words.count(found['not_read'], 'smaller table')} not looked into", "dim"),
        )


def column_table(columns: list[dict[str, Any]], most: int | None) -> RenderableType:
    """Return the columns of a table with what they hold."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    for title in ("column", "type", "nulls", "distinct", "min", "median", "max"):
        table.add_column(title, overflow="fold", min_width=len(title))
    for one in columns[:most]:
        distinct = "" if one["distinct"] is None else f"{one['distinct']:,}"
        median = one["quantiles"]["p50"] if one["quantiles"] else ""
        table.add_row(
            *(
                styled(one["name"]),
                styled(brief_type(one["type"]), "dim"),
                styled(f"{one['nulls']:,}"),
            ),
            styled(distinct if one["distinct_exact"] or not distinct else f"≈{distinct}"),
            *(styled(brief_value(value)) for value in (one["min"], median, one["max"])),
        )
    return screen.with_rest(table, len(columns), most)


def repeated_words(names: list[str]) -> str:
    """Say that several columns have one name, and what they are called here."""
    named = ", ".join(f"`{name}`" for name in names)
    return f"several columns are called {named}: the second is `{names[0]}.1` here, and so on"


def brief_type(name: str) -> str:
    """Return the type of a column without what it is made of: `struct`, `timestamp`."""
    return re.split(r"[<\[(]", name, maxsplit=1)[0]


def brief_value(value: object) -> str:
    """Return a value that takes no more room than a day with its time; "" for none."""
    text = "" if value is None else words.number(value)
    return text if len(text) <= VALUE_CHARS_MAX else f"{text[: VALUE_CHARS_MAX - 1]}…"


def _card(card: dict[str, Any]) -> RenderableType:
    lines = [styled(f"{name}: {text}") for name, text in card["fields"].items() if text]
    if card["missing"]:
        lines.append(styled(f"missing: {', '.join(card['missing'])}", "yellow"))
    return screen.lines(lines, None)
