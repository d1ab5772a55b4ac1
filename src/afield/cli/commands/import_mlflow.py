"""`afield import mlflow`: runs of an MLflow store or server, with all that it keeps of them."""

from __future__ import annotations

import click

from afield.cli.session import global_options, session_of


@click.command("mlflow")
@click.argument("source", metavar="SOURCE")
@click.option("--project", metavar="NAME", help="Where the runs go; this folder's name.")
@click.option(
    "--artifacts",
    type=click.Path(exists=True, file_okay=False),
    multiple=True,
    metavar="DIR",
    help="A folder that holds files of its runs, outside the store's own; may be repeated.",
)
@click.option("--dry-run", is_flag=True, help="Say what would be brought, and bring nothing.")
@global_options
@click.pass_context
def command(
    context: click.Context,
    *,
    source: str,
    project: str | None,
    artifacts: tuple[str, ...],
    dry_run: bool,
) -> int:
    """Bring the runs of the MLflow store SOURCE.

    SOURCE is sqlite:///mlflow.db or the path of that file, a folder mlruns, or the address of a
    server (http://…). Params, metrics with their whole history, tags, notes, files, datasets and
    models come with each run. Repeated, it brings only what is new there. MLflow is not needed.
    """
    from afield.cli.importing import bring_runs, default_project
    from afield.workspace.bring.mlflow import open_store
    from afield.workspace.bring.mlflow_http import without_account

    session = session_of(context)
    store = open_store(
        source,
        project=default_project(session, project),
        artifacts=artifacts,
        environ=session.environ,
    )
    session.cleanup.callback(store.close)
    total = store.count()
    shown = without_account(source)
    return bring_runs(
        session, "mlflow", shown, store.runs(), store.left, total=total, dry_run=dry_run
    )
