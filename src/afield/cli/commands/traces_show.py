"""`afield traces show`: one trace with its spans, and what was found of it."""

from __future__ import annotations

from typing import Any

import click

from afield.cli.output import emit_json, plain
from afield.cli.session import global_options, session_of

_NS_IN_MS = 1_000_000


@click.command("show")
@click.argument("trace")
@global_options
@click.pass_context
def command(context: click.Context, trace: str) -> None:
    """Show a trace: its spans as a tree, and what was found of it.

    TRACE is an id, or the beginning of one.
    """
    from afield.workspace.traces import depths, find_trace, whole_trace

    session = session_of(context)
    workspace = session.workspace()
    workspace.refresh()
    shown = whole_trace(workspace, find_trace(workspace, trace))
    if session.json:
        emit_json({"schema": "afield.trace/1", **shown})
        return
    took = "" if shown["duration_ms"] is None else f"  {shown['duration_ms']} ms"
    click.echo(plain(f"{shown['id']}  {shown['state']}  {shown['began'][:19]}{took}"))
    for name in ("name", "experiment", "session", "request", "response"):
        if shown[name]:
            click.echo(plain(f"  {name}: {shown[name]}"))
    if shown["tokens"]:
        counts = ", ".join(f"{name} {count}" for name, count in shown["tokens"].items())
        click.echo(plain(f"  tokens: {counts}"))
    for depth, span in depths(shown["spans"]):
        click.echo(plain(f"  {'  ' * depth}{_line(span)}"))
    for one in shown["assessments"]:
        words = f"  {one['what']} {one['name']}: {one['value']}"
        late = "" if one["valid"] else "  (overridden)"
        click.echo(plain(f"{words}  by {one['by'] or one['source']}{late}"))
        if one["rationale"]:
            click.echo(plain(f"    {one['rationale']}"))


def _line(span: dict[str, Any]) -> str:
    end = span["end_ns"]
    took = "…" if end is None else f"{(end - span['start_ns']) / _NS_IN_MS:.1f} ms"
    words = [span["name"], span["type"] or "", took, span["status"] or "", span["message"] or ""]
    return "  ".join(word for word in words if word)
