"""`afield import wandb`: the runs whose files W&B left on this machine, offline ones above all."""

from __future__ import annotations

import click

from afield.cli.session import global_options, session_of


@click.command("wandb")
@click.argument("path", type=click.Path(exists=True))
@click.option("--project", metavar="NAME", help="Where the runs go; W&B's own project.")
@click.option("--dry-run", is_flag=True, help="Say what would be brought, and bring nothing.")
@global_options
@click.pass_context
def command(context: click.Context, *, path: str, project: str | None, dry_run: bool) -> int:
    """Bring the W&B runs at PATH.

    PATH is a folder wandb, the folder that holds it, that of a run, or a run's .wandb file.
    Config, history, summary, console, system metrics and saved files come with each run, and
    what is known of command, commit and machine. Repeated, it brings only what is new there.
    W&B is not needed, and nothing is sent anywhere.
    """
    from afield.cli.importing import bring_runs
    from afield.workspace.bring.wandb import TOOL, Folders

    session = session_of(context)
    found = Folders(path, project)
    return bring_runs(
        session, TOOL, path, found.runs(), found.left, total=found.count(), dry_run=dry_run
    )
