"""How two environments differ, drawn from the `afield.env-diff/1` document."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rich.console import RenderableType

from afield.cli import screen, words
from afield.cli.arguments import short
from afield.cli.compare_view import package_lines
from afield.cli.screen import grid, styled

LINES_MAX = 40
NAMED_MAX = 5


def environments_page(found: dict[str, Any], *, everything: bool) -> Iterator[RenderableType]:
    """Yield what is printed: the two sides, then every difference, cut unless `everything`."""
    table = grid()
    for side in "ab":
        table.add_row(*_side(found[side]))
    yield table
    yield styled("")
    lines = package_lines(found)
    if lines:
        yield screen.lines(lines, None if everything else LINES_MAX)
    else:
        yield styled("nothing differs", "green")
    unchecked = found["unchecked"]
    if unchecked:
        shown = ", ".join(unchecked if everything else unchecked[:NAMED_MAX])
        more = "" if everything or len(unchecked) <= NAMED_MAX else ", …"
        told = f"{words.count(len(unchecked), 'package')} of one version that list no files"
        yield styled(f"not compared by their files: {told}: {shown}{more}", "yellow")


def _side(one: dict[str, Any]) -> tuple[str, RenderableType]:
    name = f"{one['name']} ({short(one['run'])})" if one["run"] else str(one["name"])
    packages = words.count(one["distributions"], "package")
    about = f"{one['implementation']} {one['python']} on {one['platform']}, {packages}"
    return name, styled(f"{about}  {one['executable']}")
