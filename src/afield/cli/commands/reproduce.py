"""`afield reproduce`: repeat a run from its record, compare, and say the verdict."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Literal, cast

import click

from afield.cli.arguments import RUN, TOLERANCE, tolerances
from afield.cli.output import emit_json
from afield.cli.progress import Progress
from afield.cli.reviewing import tell_reviews
from afield.cli.session import global_options, session_of
from afield.cli.settings import load_settings
from afield.cli.tools import uv_path
from afield.hub.private.endpoint import mlflow_endpoint
from afield.kernel.errors import Usage
from afield.workspace.documents import stability_document

if TYPE_CHECKING:
    from afield.cli.session import Session
    from afield.replay import Report, Stability
    from afield.workspace.workspace import Workspace

Env = Literal["exact", "here"]
CHECKS_MAX = 50


@click.command("reproduce")
@click.argument("run", type=RUN)
@click.option("--keep", metavar="DIR", help="Keep the folder of the reproduction, as DIR.")
@TOLERANCE
@click.option(
    "--env",
    type=click.Choice(["exact", "here"]),
    help="Rebuild the recorded environment (exact), or use the one you are in (here).",
)
@click.option(
    "--secret",
    "secrets",
    multiple=True,
    metavar="NAME[=VALUE]",
    help="A secret that the record does not hold; without VALUE: the variable of that name.",
)
@click.option(
    "--allow-outside-writes",
    is_flag=True,
    help="Let the run overwrite files outside the project, as it did when recorded.",
)
@click.option(
    "--bisect",
    "pinned",
    is_flag=True,
    help="When only the machine differs, run once more with the recorded kernels and threads.",
)
@click.option(
    "--check",
    "times",
    type=click.IntRange(1, CHECKS_MAX),
    metavar="N",
    help="Repeat it N times where it was recorded, and say which results are stable.",
)
@click.option("--verbose", "-v", is_flag=True, help="Show on stderr what the command prints.")
@global_options
@click.pass_context
def command(
    context: click.Context,
    *,
    run: str,
    keep: str | None,
    tolerance_words: tuple[tuple[str | None, float], ...],
    env: Env | None,
    secrets: tuple[str, ...],
    allow_outside_writes: bool,
    pinned: bool,
    times: int | None,
    verbose: bool,
) -> int:
    """Repeat RUN, or the run in the file of a bundle, from the record alone; judge the result.

    A clean folder, the recorded code, environment, inputs, seeds and threads; then exit
    code, outputs, metrics and console are compared. The verdict is identical or equivalent
    (exit 0), incomplete (3: something could not be restored or seen) or diverged (4), with
    the first cause of any difference.
    """
    from afield.replay import Wish, check, make_tools, reproduce

    if times is not None:
        _refuse_more(pinned=pinned, keep=keep)
    session = session_of(context)
    settings = load_settings(session)
    workspace, view = session.find(run)
    allowed = tolerances(tolerance_words, settings.number("reproduce.tolerance"), view.metrics)
    folder = _keep_folder(keep)
    with Progress(session, turning=not verbose) as progress:
        tools = make_tools(
            uv=uv_path(session.environ) or "uv",
            cache=os.fspath(workspace.path / "cache"),
            environ=session.environ,
            progress=progress.step,
            wheels=session.bundle.wheels if session.bundle else None,
        )
        wish = Wish(
            tools=tools,
            out=(shown := _shown(session, verbose=verbose)),
            err=shown,
            tolerance=allowed.all,
            tolerances=allowed.metrics,
            env=env or cast("Env", settings.text("reproduce.env")),
            keep=folder,
            secrets=_handed(secrets, session.environ),
            outside_writes=allow_outside_writes,
            here=os.fspath(session.folder()),
            beside=mlflow_endpoint if settings.yes("run.mlflow") else None,
        )
        place = (workspace.record, workspace, view.id, wish)
        found = check(*place, times=times) if times is not None else None
        report = None if found else reproduce(*place, pinned=pinned)
    if found is not None:
        return _tell_stability(session, found, view.name)
    assert report is not None
    _tell(session, report, workspace, view.name)
    if folder is not None and not session.json:
        click.echo(f"kept in {folder}")
    return report.exit_code


def _refuse_more(*, pinned: bool, keep: str | None) -> None:
    if pinned or keep is not None:
        what = "--bisect" if pinned else "--keep"
        raise Usage("cannot check and do more", what, "`--check` repeats a run several times")


def _shown(session: Session, *, verbose: bool) -> BinaryIO:
    """Return where the output of the repeated command goes."""
    if verbose:
        return sys.stderr.buffer
    return session.cleanup.enter_context(Path(os.devnull).open("wb"))


def _tell(session: Session, report: Report, workspace: Workspace, name: str | None) -> None:
    """Show how it came out, and say it to the reviews of the run."""
    if session.json:
        emit_json(reproduction_document(report))
    else:
        _draw(session, report, workspace, name)
    tell_reviews(session, workspace, report)


def _draw(session: Session, report: Report, workspace: Workspace, name: str | None) -> None:
    from afield.cli.screen import draw
    from afield.cli.verdict_view import verdict_page

    repeated = workspace.run(report.new_run) if report.new_run else None
    draw(
        session,
        *verdict_page(
            reproduction_document(report), (name or "", repeated.name if repeated else None)
        ),
    )
    if session.bundle is not None:
        click.echo(f"recorded in {workspace.path.parent}")


def _tell_stability(session: Session, found: Stability, name: str) -> int:
    """Show what `--check` learnt; the exit code is that of the worst repetition."""
    from afield.replay.report import EXIT_CODES

    if session.json:
        emit_json(stability_document(found))
    else:
        from afield.cli.screen import draw
        from afield.cli.stability_view import stability_page

        draw(session, *stability_page(stability_document(found), name))
    return max(
        (EXIT_CODES[verdict] for verdict in found.verdicts), default=EXIT_CODES["incomplete"]
    )


def reproduction_document(report: Report) -> dict[str, Any]:
    """Return a report as `afield.reproduction/1`."""
    from msgspec import to_builtins

    document: dict[str, Any] = to_builtins(report)
    return document


def _handed(secrets: tuple[str, ...], environ: Mapping[str, str]) -> dict[str, str]:
    """Return the secrets by name; one without a value is taken from the variable of its name.

    What no variable can be called, as `argument-5`, is `argument_5` there.
    """
    found: dict[str, str] = {}
    for word in secrets:
        name, equals, value = word.partition("=")
        name = name.lstrip("-")
        if not name:
            raise Usage("cannot take the secret", why="it has no name", hint="--secret NAME")
        variable = name if name in environ else re.sub(r"\W", "_", name)
        if not equals and variable not in environ:
            why = "no variable of that name is set"
            raise Usage("cannot take the secret", name, why, hint=f"export {variable}=…")
        found[name] = value if equals else environ[variable]
    return found


def _keep_folder(keep: str | None) -> Path | None:
    if keep is None:
        return None
    folder = Path(keep).expanduser().absolute()
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise Usage("cannot keep the folder", folder, "something is there", hint="name a new one")
    return folder
