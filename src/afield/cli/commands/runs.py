"""`afield runs`: the table of runs, searched, sorted, as wide as the terminal."""

from __future__ import annotations

from typing import Any

import click

from afield.cli.damage import warn_of_damage
from afield.cli.output import emit_json
from afield.cli.session import Session, global_options, session_of
from afield.workspace.documents import run_row

LIMIT = 50
ROWS_MAX = 10**12


@click.command("runs")
@click.argument("query", nargs=-1)
@click.option(
    "--limit",
    "-n",
    type=click.IntRange(1, ROWS_MAX),
    default=LIMIT,
    metavar="N",
    help="At most N; 50.",
)
@click.option(
    "--offset",
    type=click.IntRange(0, ROWS_MAX),
    default=0,
    metavar="N",
    help="Leave out the first N.",
)
@click.option("--columns", "-c", metavar="A,B", help="The columns to show, by field.")
@click.option("--all", "everything", is_flag=True, help="All of them, without a limit.")
@click.option("--deleted", is_flag=True, help="Deleted ones, too.")
@global_options
@click.pass_context
def command(
    context: click.Context,
    *,
    query: tuple[str, ...],
    limit: int,
    offset: int,
    columns: str | None,
    everything: bool,
    deleted: bool,
) -> None:
    """List runs, newest first, or those that QUERY finds, in its order.

    \b
      afield runs 'metrics.acc > 0.9 and params.model = "tree" order by metrics.acc desc'
      afield runs 'status = "failed" and started > "2 days ago"'
      afield runs --columns id,name,params.lr,metrics.acc.max

    Fields: id name status project experiment started ended duration exit_code user host
    branch commit python verdict, and metrics.NAME, params.NAME, tags.NAME (odd names in
    backticks). Operators: = != < <= > >= like ilike in (…) is null and or not.
    """  # noqa: D301 - click reads the backspace
    session = session_of(context)
    text = " ".join(query)
    wanted = None if everything else limit + 1
    workspace = session.workspace()
    found = workspace.runs(text, limit=wanted, offset=offset, deleted=deleted)
    warn_of_damage(workspace)
    more = not everything and len(found) > limit
    rows = [run_row(run) for run in (found[:limit] if more else found)]
    if session.json:
        following = offset + limit if more else None
        emit_json({"schema": "afield.runs/1", "runs": rows, "next": following})
        return
    if not rows:
        click.echo(_nothing(text), err=True)
        return
    _draw(session, rows, columns)
    if more:
        command_line = f"afield runs --offset {offset + limit}"
        click.echo(f"more: {command_line} …, or --all", err=True)


def _nothing(query: str) -> str:
    if query:
        return "no run fits this query"
    return "no runs yet: record one with `afield run python train.py`, or see `afield demo`"


def _draw(session: Session, rows: list[dict[str, Any]], columns: str | None) -> None:
    from rich.table import Table

    from afield.cli.columns import CELL_WIDTH_MAX, chosen, fitting
    from afield.cli.screen import STATUS_STYLES, VERDICT_STYLES, draw, screen, styled

    now = session.now()
    left_out: list[str] = []
    if columns:
        shown = chosen([name.strip() for name in columns.split(",") if name.strip()], rows, now)
    else:
        shown, left_out = fitting(rows, now, screen(session).width)
    table = Table(box=None, header_style="bold", pad_edge=False, padding=(0, 2, 0, 0))
    for found in shown:
        table.add_column(
            found.title,
            justify="right" if found.is_number else "left",
            no_wrap=True,
            overflow="ellipsis",
            min_width=found.width if found.field == "id" else None,
            max_width=None if columns else CELL_WIDTH_MAX,
        )
    styles = {"status": STATUS_STYLES, "verdict": VERDICT_STYLES}
    for index, row in enumerate(rows):
        cells = []
        for found in shown:
            style = styles.get(found.field, {}).get(str(row.get(found.field)), "")
            style = "bold" if found.field == "id" else style
            cells.append(styled(found.cells[index], style))
        table.add_row(*cells)
    draw(session, table)
    if left_out and session.is_terminal():
        names = ", ".join(left_out[:4]) + (" …" if len(left_out) > 4 else "")  # noqa: PLR2004 - a line
        click.secho(f"no room for {names} (--columns, --json)", dim=True)
