"""How two versions of data differ, drawn from the `afield.data-diff/1` document."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from afield.cli import screen, words
from afield.cli.data_view import brief_type, brief_value, repeated_words
from afield.cli.output import plain
from afield.cli.screen import styled

LINES_MAX = 12
_STYLES = {"added": "green", "removed": "red", "changed": "yellow", "renamed": "cyan"}


def diff_page(document: dict[str, Any], *, everything: bool) -> Iterator[RenderableType]:
    """Yield what is printed for a difference."""
    most = None if everything else LINES_MAX
    labels = (document["a"]["label"], document["b"]["label"])
    if document["equal"]:
        yield styled(f"{labels[0]} and {labels[1]} hold the same files", "green")
        return
    files = document["files"]
    title = Text()
    title.append(f"{plain(labels[0])} → {plain(labels[1])}", style="bold")
    counts = [f"{len(files[what])} {what}" for what in _STYLES if files[what]]
    counts.append(f"{files['same']:,} the same")
    title.append(f"  {', '.join(counts)}", style="dim")
    yield title
    yield screen.lines(list(_file_lines(files)), most)
    for table in document["tables"]:
        yield Text()
        yield from _table(table, most)
    for one in document["not_compared"][:most]:
        yield styled(f"not compared: {one['path']}: {one['why']}", "yellow")


def _file_lines(files: dict[str, Any]) -> Iterator[Text]:
    for one in files["changed"]:
        sizes = (one["before"]["size_bytes"], one["after"]["size_bytes"])
        text = f"{one['path']}  {words.size(sizes[0])} → {words.size(sizes[1])}"
        yield styled(f"  changed  {text}", _STYLES["changed"])
    for what in ("added", "removed"):
        for one in files[what]:
            text = f"{one['path']}  {words.size(one['size_bytes'])}"
            yield styled(f"  {what:<8} {text}", _STYLES[what])
    for one in files["renamed"]:
        yield styled(f"  renamed  {one['before']} → {one['after']}", _STYLES["renamed"])


def _table(table: dict[str, Any], most: int | None) -> Iterator[RenderableType]:
    rows = table["rows"]
    title = Text()
    title.append(plain(table["path"]), style="bold")
    how = f"by {', '.join(table['key'])}" if table["key"] else "by position"
    title.append(f"  {rows['before']:,} → {rows['after']:,} rows, {how}", style="dim")
    yield title
    counts = [f"{rows[what]:,} {what}" for what in ("added", "removed", "changed", "same")]
    yield styled(f"  rows: {', '.join(counts)}")
    same_columns = all(one["before"] and one["after"] for one in table["columns"])
    if same_columns and not any(rows[what] for what in ("added", "removed", "changed")):
        told = "the bytes differ, but every value reads the same: another spelling, or digits"
        yield styled(f"  {told} beyond what its type holds", "yellow")
    if table["repeated"]:
        yield styled(f"  {repeated_words(table['repeated'])}", "yellow")
    if rows["repeated_keys"]:
        yield styled(f"  {rows['repeated_keys']:,} rows repeat a key", "yellow")
    for what, found in table["examples"].items():
        if found and table["key"]:
            shown = ", ".join(_shown(one) for one in found)
            yield styled(f"  {what}, for example {shown}", _STYLES[what])
    if not table["key"] and rows["changed"]:
        yield styled("  rows that moved count as changed; --key COLUMN pairs them", "dim")
    yield _columns(table["columns"], most)


def _columns(columns: list[dict[str, Any]], most: int | None) -> RenderableType:
    drawn = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    for title in ("column", "changed", "type", "nulls", "distinct", "min", "median", "max"):
        drawn.add_column(title, overflow="fold", min_width=len(title))
    for one in columns[:most]:
        before, after = one["before"], one["after"]
        style = "green" if before is None else "red" if after is None else ""
        cells = one["cells_changed"]
        changed = "added" if before is None else "removed" if after is None else ""
        drawn.add_row(
            styled(one["name"], style),
            styled(changed or ("" if cells is None else f"{cells:,}"), style),
            *(
                styled(_change(before, after, part))
                for part in ("type", "nulls", "distinct", "min", "median", "max")
            ),
        )
    return screen.with_rest(drawn, len(columns), most)


def _change(before: dict[str, Any] | None, after: dict[str, Any] | None, part: str) -> str:
    old, new = _part(before, part), _part(after, part)
    if before is None or after is None or old == new:
        return brief_type(new or old) if part == "type" else new or old
    if part == "type" and brief_type(old) != brief_type(new):
        old, new = brief_type(old), brief_type(new)
    return f"{old or 'none'} → {new or 'none'}"


def _part(column: dict[str, Any] | None, part: str) -> str:
    if column is None:
        return ""
    if part == "median":
        quantiles = column["quantiles"]
        return words.number(quantiles["p50"]) if quantiles else ""
    value = column[part]
    if value is None:
        return ""
    if part == "distinct":
        return f"{value:,}" if column["distinct_exact"] else f"≈{value:,}"
    return str(value) if part == "type" else brief_value(value)


def _shown(value: Any) -> str:
    return " / ".join(map(str, value)) if isinstance(value, list) else str(value)
