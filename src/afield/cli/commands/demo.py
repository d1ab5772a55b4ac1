"""`afield demo`: a real training, recorded, reproduced, then broken on purpose.

Uses nothing that a person could not type: every command it runs is printed, and `afield run`
and `afield reproduce` are the very same as everybody's, in processes of their own.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

import click

from afield.cli import words
from afield.cli.demo_stage import Stage
from afield.cli.output import emit_json
from afield.cli.session import Session, global_options, session_of
from afield.kernel.errors import Usage

CHANGE = ("default=0.02", "default=0.05")
OTHER = "scikit-learn==1.7.2"


@click.command("demo")
@click.option("--folder", metavar="DIR", help="Use this folder (new or empty), and keep it.")
@click.option("--keep", is_flag=True, help="Keep the temporary folder.")
@click.option("--team", is_flag=True, help="Play a day of three people in three zones instead.")
@global_options
@click.pass_context
def command(context: click.Context, *, folder: str | None, keep: bool, team: bool) -> int:
    """Record a real scikit-learn training, reproduce it, and break it on purpose.

    Takes under a minute and downloads scikit-learn and matplotlib once, into a folder that
    is removed afterwards. Exit 0 when everything came out as it should.

    With --team, three copies of one record pass a day between Los Angeles, Kolkata and Berlin,
    and meet only at a folder; it downloads nothing.
    """
    session = session_of(context)
    started = time.monotonic()
    if folder is not None:
        chosen = Path(folder).expanduser().absolute()
        if chosen.exists() and any(chosen.iterdir()):
            raise Usage("cannot use folder", chosen, "it is not empty")
        chosen.mkdir(parents=True, exist_ok=True)
    elif keep:
        chosen = Path(tempfile.mkdtemp(prefix="afield-demo-"))
    else:
        holder = tempfile.TemporaryDirectory(prefix="afield-demo-", ignore_cleanup_errors=True)
        chosen = Path(session.cleanup.enter_context(holder))
    kept = keep or folder is not None
    if team:
        return _team(session, chosen, started, kept=kept)
    stage = Stage(session, chosen / "digits")
    run = play(stage)
    took_s = time.monotonic() - started
    if session.json:
        folder_kept = str(stage.folder) if kept else None
        emit_json({"schema": "afield.demo/1", "run": run, "took_s": took_s, "folder": folder_kept})
    else:
        _next(session, stage, run, took_s, kept=kept)
    return 0


def _team(session: Session, place: Path, started: float, *, kept: bool) -> int:
    from afield.cli.demo_day import play_day

    found = play_day(session, place)
    took_s = time.monotonic() - started
    if session.json:
        folder = str(place) if kept else None
        emit_json({"schema": "afield.demo-team/1", **found, "took_s": took_s, "folder": folder})
        return 0
    head = click.style("Three copies, one record: all say the same", fg="green", bold=True)
    click.echo(f"\n{head}, in {words.duration(took_s)}.", color=session.color)
    if kept:
        click.echo(f"The copies are kept in {place}")
    return 0


def play(stage: Stage) -> str:
    """Play all acts; return the id of the recorded run.

    Raises:
        DemoFailed: something came out otherwise than it must.
    """
    stage.title("A project as anybody has it: git, an environment, a change not yet committed")
    stage.make_project()
    stage.say("$ git init && git commit -m 'digits'")
    stage.commit()
    stage.install()
    stage.say(f"$ sed -i s/{'/'.join(CHANGE)}/ train.py")
    stage.edit("train.py", *CHANGE)

    stage.title("Record the training. Its code knows nothing of Afield")
    stage.afield("init", shown=False)
    stage.afield("run", "python", "train.py", "--epochs", "25")
    run = stage.newest_run()

    stage.title("Reproduce it: from the record alone, in a clean folder and a fresh environment")
    stage.afield("reproduce", run[:8], expected=0)
    stage.expect_verdict(run, "identical")

    stage.title(f"Break it on purpose: another version, {OTHER}, in the environment you are in")
    stage.install_other(OTHER)
    stage.afield("reproduce", run[:8], "--env", "here", expected=4)
    stage.expect_verdict(run, "diverged", cause="environment")
    return run


def _next(session: Session, stage: Stage, run: str, took_s: float, *, kept: bool) -> None:
    color = session.color
    head = click.style("That was all as it should be", fg="green", bold=True)
    click.echo(f"\n{head}, in {words.duration(took_s)}.", color=color)
    if kept:
        click.echo("\nThe project and its record are kept. Try:\n")
        click.echo(click.style(f"  cd {stage.folder}", fg="cyan"), color=color)
        first = [(f"afield show {run[:8]}", "what was recorded")]
    else:
        click.echo("\nNow in a repository of your own, with nothing configured:\n")
        first = [("afield run python train.py", "record, with no change to the code")]
    rows = [
        *first,
        ("afield runs", "list and search"),
        ("afield compare ID ID", "what differs between two"),
        ("afield reproduce ID", "repeat it, and judge"),
    ]
    for line, meaning in rows:
        shown = click.style(line.ljust(26), fg="cyan")
        click.echo(f"  {shown}  {click.style(meaning, dim=True)}", color=color)
