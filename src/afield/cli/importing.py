"""What the imports of runs share: the loop over what a source lists, and what is said of it."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import click

from afield.cli import words
from afield.cli.output import emit_json, plain
from afield.cli.session import Session

if TYPE_CHECKING:
    from afield.workspace.bring.run_source import Left, Listed
    from afield.workspace.bring.run_writer import Brought

PARTLY = 3
SHOWN_MAX = 5


def default_project(session: Session, project: str | None) -> str:
    """Return the project that runs go to: the one that was named, else the folder's name."""
    from afield.runs.record import DEFAULT_PROJECT

    return project or session.folder().name or DEFAULT_PROJECT


def bring_runs(
    session: Session,
    tool: str,
    source: str,
    listed: Iterable[Listed],
    left: list[Left],
    *,
    total: int | None,
    dry_run: bool,
) -> int:
    """Bring the runs that a source lists, and say what came of it; return the exit code.

    Args:
        session: whose workspace it is.
        tool: whose runs they are.
        source: what the person named.
        listed: the runs.
        left: what of the source is not brought; complete once `listed` has ended.
        total: about how many runs there are.
        dry_run: only say what would be done.
    """
    from afield.cli.progress import Meter
    from afield.runs.secrets import known_values
    from afield.workspace.bring.run_writer import Brought, RunWriter

    known = known_values(session.environ, folder=os.fspath(session.folder()))
    writer = RunWriter(session.workspace(), tool, known)
    brought: list[Brought] = []
    with Meter(session, "importing", None if total is None else (total, 0), noun="run") as meter:
        try:
            for one in listed:
                if dry_run:
                    run, state = writer.state_of(one)
                    brought.append(Brought(run, one.key, one.name, state))
                else:
                    brought.append(writer.bring(one))
                meter(1, 0)
        finally:
            if not dry_run:
                writer.finish()
    document = _document(tool, source, brought, left, dry_run=dry_run)
    if session.json:
        emit_json(document)
    else:
        _say(document)
    lacking = [*left, *(each for one in brought for each in one.left)]
    return PARTLY if any(not each.meant for each in lacking) else 0


def _document(
    tool: str, source: str, brought: list[Brought], left: list[Left], *, dry_run: bool
) -> dict[str, Any]:
    return {
        "schema": "afield.imported/1",
        "from": tool,
        "source": source,
        "dry_run": dry_run,
        "runs": [
            {
                "run": one.run,
                "key": one.key,
                "name": one.name,
                "state": one.state,
                "left": [_left(each) for each in one.left],
            }
            for one in brought
        ],
        "new": sum(one.state == "new" for one in brought),
        "grown": sum(one.state == "grown" for one in brought),
        "same": sum(one.state == "same" for one in brought),
        "left": [_left(each) for each in left],
    }


def _left(one: Left) -> dict[str, Any]:
    return {"what": one.what, "why": one.why, "meant": one.meant}


def _say(document: dict[str, Any]) -> None:
    new, grown, same = document["new"], document["grown"], document["same"]
    would = "would bring " if document["dry_run"] else "brought "
    parts = [words.count(new, "new run")] if new else []
    parts += [f"what is new of {words.count(grown, 'run')}"] if grown else []
    said = would + " and ".join(parts) if parts else "nothing new"
    known = f"; {words.count(same, 'run')} known" if same else ""
    click.echo(f"{click.style(plain(document['source']), bold=True)}: {said}{known}")
    lacking = [(one["name"], each) for one in document["runs"] for each in one["left"]]
    for name, each in lacking[:SHOWN_MAX]:
        _warn(f"{name}: {each['what']}: left out: {each['why']}")
    if len(lacking) > SHOWN_MAX:
        _warn(f"and {len(lacking) - SHOWN_MAX:,} more (--json)")
    for each in document["left"][:SHOWN_MAX]:
        text = f"{each['what']}: left out: {each['why']}"
        click.echo(plain(text), err=True) if each["meant"] else _warn(text)
    if len(document["left"]) > SHOWN_MAX:
        _warn(f"and {len(document['left']) - SHOWN_MAX:,} more (--json)")


def _warn(text: str) -> None:
    click.secho(f"warning: {plain(text)}", fg="yellow", err=True)
