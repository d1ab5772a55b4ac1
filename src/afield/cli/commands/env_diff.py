"""`afield env diff`: how the environments of two runs differ, or that of a run and the one here."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import click

from afield.cli.arguments import RUN
from afield.cli.environments import environment_of
from afield.cli.output import emit_json
from afield.cli.session import Session, global_options, session_of
from afield.kernel.errors import Usage

if TYPE_CHECKING:
    from afield.runs.manifest import Environment

EXIT_DIFFERENT = 4


@click.command("diff")
@click.argument("first", type=RUN, metavar="RUN")
@click.argument("second", type=RUN, metavar="[RUN]", required=False)
@click.option("--here", is_flag=True, help="Against the active venv, else `python` on PATH.")
@click.option("--exit-code", is_flag=True, help="Exit with 4 when they differ, for scripts.")
@click.option("--all", "everything", is_flag=True, help="Every line of the difference.")
@global_options
@click.pass_context
def command(
    context: click.Context,
    *,
    first: str,
    second: str | None,
    here: bool,
    exit_code: bool,
    everything: bool,
) -> int:
    """Say how the Python environments of two runs differ, or of a RUN and the one --here.

    The interpreter, the platform, and every distribution: added, removed, of another version,
    or of the same version with other files. Exits with 0 either way, as `git diff` does,
    unless --exit-code is given.
    """
    from msgspec import to_builtins

    from afield.replay.environment_diff import diff_environments

    if (second is None) != here:
        raise Usage("name a second run or --here, one of them", hint="afield env diff RUN --here")
    session = session_of(context)
    ours, a = _recorded(session, first)
    theirs, b = _here(session, ours) if second is None else _recorded(session, second)
    found = diff_environments(ours, theirs)
    document: dict[str, Any] = {
        "schema": "afield.env-diff/1",
        "a": a,
        "b": b,
        "equal": found.equal,
        **to_builtins(found),
    }
    if session.json:
        emit_json(document)
    else:
        from afield.cli.environment_view import environments_page
        from afield.cli.screen import draw

        draw(session, *environments_page(document, everything=everything))
    return EXIT_DIFFERENT if exit_code and not found.equal else 0


def _recorded(session: Session, ref: str) -> tuple[Environment, dict[str, Any]]:
    view, _, found = environment_of(session, ref)
    return found, _side(found, view.id, view.name)


def _here(session: Session, recorded: Environment) -> tuple[Environment, dict[str, Any]]:
    from afield.replay.here import environment_here

    cache = session.workspace().path / "cache" / "distributions.json"
    found = environment_here(
        session.environ,
        str(session.folder()),
        cache=os.fspath(cache),
        checked=recorded.distributions,
    )
    return found, _side(found, None, "here")


def _side(found: Environment, run: str | None, name: str) -> dict[str, Any]:
    return {
        "run": run,
        "name": name,
        "python": found.python,
        "implementation": found.implementation,
        "platform": found.platform,
        "executable": found.executable,
        "identity": found.identity,
        "distributions": len(found.distributions),
    }
