"""`afield export mlflow`: runs as a store of MLflow's, or to a server of its."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from afield.cli import words
from afield.cli.output import emit_json, plain
from afield.cli.session import Session, global_options, session_of

if TYPE_CHECKING:
    from afield.workspace.bring.mlflow_export import Written
    from afield.workspace.views import RunView

PARTLY = 3
SHOWN_MAX = 5
_SIGNS_OF_QUERIES = "=<>~"


@click.command("mlflow")
@click.argument("runs", nargs=-1, required=True, metavar="RUN…|QUERY")
@click.option("--to", "target", required=True, metavar="PATH|URL", help="A folder, or a server.")
@click.option("--dry-run", is_flag=True, help="Say which runs, and write nothing.")
@global_options
@click.pass_context
def command(context: click.Context, *, runs: tuple[str, ...], target: str, dry_run: bool) -> int:
    """Write runs as MLflow has them: params, metrics with their history, tags, notes, files.

    \b
    afield export mlflow 'metrics.acc > 0.9' --to mlruns
    afield export mlflow first second --to http://localhost:5000

    A folder becomes a file store of MLflow's. Runs that came from MLflow go there under their
    old ids. Repeated, it writes only what changed; a run there that is not ours is left alone.
    """  # noqa: D301 - click's mark for text that is not wrapped
    from afield.workspace.bring.mlflow_http import without_account

    session = session_of(context)
    views = _chosen(session, runs)
    written = [] if dry_run else _write(session, views, target)
    document: dict[str, Any] = {
        "schema": "afield.exported/1",
        "to": without_account(target),
        "dry_run": dry_run,
        "chosen": [view.id for view in views],
        "runs": [
            {
                "run": one.run,
                "name": one.name,
                "id": one.id,
                "state": one.state,
                "left": [
                    {"what": each.what, "why": each.why, "meant": each.meant} for each in one.left
                ],
            }
            for one in written
        ],
    }
    if session.json:
        emit_json(document)
    else:
        _say(document)
    return PARTLY if any(not each.meant for one in written for each in one.left) else 0


def _chosen(session: Session, names: tuple[str, ...]) -> list[RunView]:
    """Return the runs that are named, and those that fit what is a query."""
    from afield.runs.errors import RunNotFound

    workspace = session.workspace()
    found: dict[str, RunView] = {}
    for name in names:
        try:
            views = [workspace.run(name)]
        except RunNotFound:
            if not any(sign in name for sign in _SIGNS_OF_QUERIES):
                raise
            views = workspace.runs(name, limit=None)
        found |= {view.id: view for view in views}
    return list(found.values())


def _write(session: Session, views: list[RunView], target: str) -> list[Written]:
    from afield.cli.progress import Meter
    from afield.workspace.bring.mlflow_export import FileStoreWriter
    from afield.workspace.bring.mlflow_export_server import ServerWriter

    workspace = session.workspace()
    writer: FileStoreWriter | ServerWriter
    if target.lower().startswith(("http://", "https://")):
        writer = ServerWriter(workspace, target, session.environ)
    else:
        writer = FileStoreWriter(workspace, target)
    written = []
    with Meter(session, "exporting", (len(views), 0), noun="run") as meter:
        for view in views:
            written.append(writer.write(view))
            meter(1, 0)
    return written


def _say(document: dict[str, Any]) -> None:
    target = click.style(plain(document["to"]), bold=True)
    if document["dry_run"]:
        click.echo(f"{target}: would be given {words.count(len(document['chosen']), 'run')}")
        return
    states = [one["state"] for one in document["runs"]]
    done = sum(state in ("new", "changed") for state in states)
    known = f"; {words.count(states.count('same'), 'run')} known" if "same" in states else ""
    click.echo(f"{target}: wrote {words.count(done, 'run')}{known}")
    lacking = [
        (one["name"], each) for one in document["runs"] for each in one["left"] if not each["meant"]
    ]
    for name, each in lacking[:SHOWN_MAX]:
        text = f"{name}: {each['what']}: left out: {each['why']}"
        click.secho(f"warning: {plain(text)}", fg="yellow", err=True)
    if len(lacking) > SHOWN_MAX:
        click.secho(
            f"warning: and {len(lacking) - SHOWN_MAX:,} more (--json)", fg="yellow", err=True
        )
