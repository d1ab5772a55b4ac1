"""`afield doctor`: what this machine offers, each check as pass, fail, not run or error."""

from __future__ import annotations

import click

from afield.cli.doctor_checks import CHECKS, Result
from afield.cli.output import emit_json
from afield.cli.session import global_options, session_of


@click.command("doctor")
@global_options
@click.pass_context
def command(context: click.Context) -> int:
    """Say what works on this machine: Python, git, uv, disk, workspace, capture.

    Each check is pass, fail or not run (with the reason); exit 3 when any failed.
    """
    session = session_of(context)
    results = []
    for name, check in CHECKS.items():
        try:
            results.append((name, check(session)))
        except Exception as error:  # noqa: BLE001 - a check that breaks is a result, too
            results.append((name, Result("error", f"{type(error).__name__}: {error}")))
    bad = any(result.state in {"fail", "error"} for _, result in results)
    if session.json:
        checks = [
            {"name": name, "state": r.state, "detail": r.detail, "hint": r.hint}
            for name, r in results
        ]
        emit_json({"schema": "afield.doctor/1", "sound": not bad, "checks": checks})
        return 3 if bad else 0
    from rich.table import Table

    from afield.cli.screen import CHECK_STYLES, draw, styled

    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for name, result in results:
        table.add_row(
            styled(result.state, CHECK_STYLES[result.state]),
            styled(name, "bold"),
            styled(result.detail),
        )
        if result.hint:
            table.add_row("", "", styled(f"hint: {result.hint}", "cyan"))
    draw(session, table)
    return 3 if bad else 0
