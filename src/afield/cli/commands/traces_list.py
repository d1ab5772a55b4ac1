"""`afield traces list`: the newest traces."""

from __future__ import annotations

import click

from afield.cli.output import emit_json, plain
from afield.cli.session import global_options, session_of

_LIMIT = 50
_REQUEST_CHARS = 60
_STATES = ("OK", "ERROR", "IN_PROGRESS")


@click.command("list")
@click.option("--experiment", metavar="NAME", help="Only those of one experiment.")
@click.option("--state", type=click.Choice(_STATES, case_sensitive=False), help="Only in a state.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=_LIMIT, show_default=True)
@global_options
@click.pass_context
def command(context: click.Context, experiment: str | None, state: str | None, limit: int) -> None:
    """List the newest traces."""
    from afield.workspace.traces import trace_parts, traces

    session = session_of(context)
    workspace = session.workspace()
    workspace.refresh()
    found = traces(workspace, limit=limit, experiment=experiment, state=state)
    rows = trace_parts(workspace, found)
    if session.json:
        emit_json({"schema": "afield.trace-list/1", "traces": rows})
        return
    if not rows:
        click.echo("no traces")
        click.echo("hint: afield up, then @mlflow.trace with MLFLOW_TRACKING_URI set", err=True)
        return
    for row in rows:
        took = "" if row["duration_ms"] is None else f"{row['duration_ms']} ms"
        asked = (row["request"] or "")[:_REQUEST_CHARS].replace("\n", " ")
        words = [row["id"], row["began"][:19], row["state"], took, row["name"] or "", asked]
        click.echo(plain("  ".join(word for word in words if word)))
