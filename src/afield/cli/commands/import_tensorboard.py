"""`afield import tensorboard`: the runs of a TensorBoard log folder."""

from __future__ import annotations

import click

from afield.cli.session import global_options, session_of


@click.command("tensorboard")
@click.argument("path", type=click.Path(exists=True))
@click.option("--project", metavar="NAME", help="Where the runs go; this folder's name.")
@click.option("--dry-run", is_flag=True, help="Say what would be brought, and bring nothing.")
@global_options
@click.pass_context
def command(context: click.Context, *, path: str, project: str | None, dry_run: bool) -> int:
    """Bring the runs of the TensorBoard log folder PATH.

    Each folder with event files in it is a run. Scalars, texts and hyperparameters come with it,
    and the event files themselves. What is cut or damaged is named, and the rest is brought.
    Repeated, it brings only what is new there. TensorBoard is not needed.
    """
    from afield.cli.importing import bring_runs, default_project
    from afield.workspace.bring.tensorboard import TOOL, LogFolder

    session = session_of(context)
    found = LogFolder(path, default_project(session, project))
    return bring_runs(
        session, TOOL, path, found.runs(), found.left, total=found.count(), dry_run=dry_run
    )
