"""`afield doctor`: what this machine offers, each check as pass, fail, not run or error."""

from __future__ import annotations

import click

from afield.cli.checks_view import Row, show_checks
from afield.cli.doctor_checks import CHECKS, Result
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
    rows = (Row(name, r.state, r.detail, r.hint) for name, r in results)
    return show_checks(session, "afield.doctor/1", rows)
