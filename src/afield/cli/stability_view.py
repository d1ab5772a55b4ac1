"""How stability is shown: what came out the same each time, and what varied by itself.

Drawn from the `afield.stability/1` document; judges nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rich.console import RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from afield.cli import words
from afield.cli.arguments import short
from afield.cli.screen import styled

PARTS_MAX = 20


def stability_page(found: dict[str, Any], name: str) -> Iterator[RenderableType]:
    """Yield what is printed for the stability of the run called `name`."""
    yield Text()
    yield stability_line(found)
    yield styled(f"{name} ({short(found['run'])})", "dim")
    varied = [part for part in found["parts"] if not part["stable"]]
    if not varied:
        return
    yield Text()
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    table.add_column(no_wrap=True)
    table.add_column(style="dim", overflow="fold")
    for part in varied[:PARTS_MAX]:
        how = f"varied in {part['differed']} of {part['of']}"
        if not part["differed"]:
            how = f"within tolerance in {part['close']} of {part['of']}"
        mark, style = ("✗", "red") if part["differed"] else ("≈", "green")
        table.add_row(
            styled(mark, style),
            styled(part["name"] or part["part"]),
            styled(how, style),
            styled(part["detail"] or ""),
        )
    if len(varied) > PARTS_MAX:
        rest = words.count(len(varied) - PARTS_MAX, "result")
        table.add_row("", styled(f"and {rest} more (--json)", "dim"), "", "")
    yield Padding(table, (0, 0, 0, 1))


def stability_line(found: dict[str, Any]) -> Text:
    """Return one line: how many results are stable, in how many repetitions."""
    parts = found["parts"]
    stable = sum(part["stable"] for part in parts)
    times = words.count(len(found["runs"]), "repetition")
    if not found["runs"]:
        return styled("nothing is known: it could not be repeated as it was recorded", "yellow")
    if stable == len(parts):
        return styled(f"all {words.count(stable, 'result')} stable in {times}", "green")
    return styled(f"{stable} of {words.count(len(parts), 'result')} stable in {times}", "yellow")
