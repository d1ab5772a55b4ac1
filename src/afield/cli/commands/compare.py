"""`afield compare`: how two runs differ, and the first cause of it."""

from __future__ import annotations

import click

from afield.cli.arguments import RUN, TOLERANCE, tolerances
from afield.cli.output import emit_json
from afield.cli.session import global_options, session_of
from afield.cli.settings import load_settings


@click.command("compare")
@click.argument("first", type=RUN)
@click.argument("second", type=RUN)
@click.option("--all", "everything", is_flag=True, help="Every line of every difference.")
@TOLERANCE
@global_options
@click.pass_context
def command(
    context: click.Context,
    *,
    first: str,
    second: str,
    everything: bool,
    tolerance_words: tuple[tuple[str | None, float], ...],
) -> None:
    """Say how two runs differ: code, environment, inputs, arguments, params, results.

    The first cause is the difference that comes first in this order: code, environment,
    inputs, arguments, variables, seed, machine.
    """
    from msgspec import to_builtins

    from afield.replay import compare_runs

    session = session_of(context)
    settings = load_settings(session)
    workspace = session.workspace()
    a, b = workspace.run(first), workspace.run(second)
    default = settings.number("reproduce.tolerance")
    allowed = tolerances(tolerance_words, default, {*a.metrics, *b.metrics})
    found = compare_runs(
        workspace.record,
        workspace,
        a.id,
        b.id,
        tolerance=allowed.all,
        tolerances=allowed.metrics,
    )
    document = to_builtins(found)
    if session.json:
        emit_json(document)
        return
    from afield.cli.compare_view import comparison_page
    from afield.cli.screen import draw

    draw(session, *comparison_page(document, (a.name, b.name), everything=everything))
