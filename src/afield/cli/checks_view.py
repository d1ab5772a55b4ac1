"""Results of checks as people see them: `afield doctor`, `afield hub check`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from afield.cli.output import emit_json
from afield.cli.session import Session


class Row(NamedTuple):
    """A check, what it found (`pass`, `fail`, `not run`, `error`), and what to do about it."""

    name: str
    state: str
    detail: str
    hint: str | None


def show_checks(session: Session, schema: str, found: Iterable[Row]) -> int:
    """Show results, as a table or as JSON; return the exit code: 3 when any is bad."""
    rows = list(found)
    bad = any(row.state in {"fail", "error"} for row in rows)
    if session.json:
        checks = [row._asdict() for row in rows]
        emit_json({"schema": schema, "sound": not bad, "checks": checks})
        return 3 if bad else 0
    from rich.table import Table

    from afield.cli.screen import CHECK_STYLES, draw, styled

    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for row in rows:
        table.add_row(
            styled(row.state, CHECK_STYLES[row.state]),
            styled(row.name, "bold"),
            styled(row.detail),
        )
        if row.hint:
            table.add_row("", "", styled(f"hint: {row.hint}", "cyan"))
    draw(session, table)
    return 3 if bad else 0
