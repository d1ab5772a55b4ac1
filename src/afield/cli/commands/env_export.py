"""`afield env export`: a run's environment as a file that other tools read."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from afield.cli.arguments import RUN
from afield.cli.environments import environment_of
from afield.cli.output import emit_json, plain
from afield.cli.progress import Progress
from afield.cli.session import Session, global_options, session_of
from afield.cli.tools import uv_path
from afield.kernel.errors import Usage

if TYPE_CHECKING:
    from afield.replay.export import Exported, Subject

FORMS = ("requirements", "pylock", "dockerfile", "devcontainer")
EXIT_PARTLY = 3
_NAMED = "installers take a lock by its name: `pylock.toml` or `pylock.NAME.toml`"


@click.command("export")
@click.argument("run", type=RUN)
@click.option("--as", "form", type=click.Choice(FORMS), required=True, help="The kind of file.")
@click.option(
    "--output",
    "-o",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write it there, with what belongs beside it; else to stdout.",
)
@global_options
@click.pass_context
def command(context: click.Context, *, run: str, form: str, output: Path | None) -> int:
    """Write the Python environment of RUN for other tools.

    \b
      requirements   exact pins for pip and uv
      pylock         a lock with files and hashes (PEP 751); asks your package index for them
      dockerfile     Python, the pins, the code, the variables and the command of the run
      devcontainer   Python, the pins and the variables, to work in

    With -o, wheels that no index has are written beside the file as wheels/, and for a
    Dockerfile the code of the run as code/. What cannot be said in a form is named on stderr
    and in the file; when that is a package, the exit code is 3.
    """  # noqa: D301 - click reads the backspace
    session = session_of(context)
    if output is not None and str(output) == "-":
        output = None
    subject = _subject(session, run, beside=output is not None)
    exported = _export(session, form, subject)
    beside: list[Path] = []
    gaps: list[str] = []
    if output is not None:
        from afield.replay.export import FILE_NAME, write_export

        if form == "pylock" and not FILE_NAME.fullmatch(output.name):
            gaps.append(_NAMED)
        beside, missing = write_export(exported, subject, output.expanduser().absolute())
        gaps += missing
    notes = [*exported.notes, *gaps]
    if session.json:
        emit_json(
            {
                "schema": "afield.env-export/1",
                "run": subject.run,
                "as": form,
                "file": None if output is None else str(output),
                "beside": [str(path) for path in beside],
                "text": exported.text if output is None else None,
                "left_out": [
                    {"name": one.name, "version": one.version, "why": one.why}
                    for one in exported.left_out
                ],
                "notes": notes,
            }
        )
    else:
        if output is None:
            click.echo(exported.text, nl=False)
        else:
            click.echo("".join(f"wrote {plain(path)}\n" for path in (output, *beside)), nl=False)
        _say(session, exported, notes)
    return EXIT_PARTLY if exported.left_out else 0


def _subject(session: Session, ref: str, *, beside: bool) -> Subject:
    from afield.replay.export import Subject

    view, manifest, environment = environment_of(session, ref)
    return Subject(
        run=view.id,
        name=view.name or view.id,
        manifest=manifest,
        environment=environment,
        vault=session.workspace().record.vault,
        beside=beside,
    )


def _export(session: Session, form: str, subject: Subject) -> Exported:
    from afield.replay import export

    if form == "requirements":
        return export.export_requirements(subject)
    if form == "dockerfile":
        return export.export_dockerfile(subject)
    if form == "devcontainer":
        return export.export_devcontainer(subject)
    from afield.replay.tools import Tools

    uv = uv_path(session.environ)
    if uv is None:
        raise Usage("cannot write a pylock without uv", hint="pip install uv")
    with Progress(session) as progress:
        tools = Tools(
            uv=uv,
            cache=os.fspath(session.workspace().path / "cache"),
            environ=session.environ,
            home=str(Path.home()),
            progress=progress.step,
        )
        return export.export_pylock(subject, tools=tools, folder=str(session.folder()))


def _say(session: Session, exported: Exported, notes: list[str]) -> None:
    for one in exported.left_out:
        mark = click.style("left out", fg="yellow")
        click.echo(f"{mark}: {plain(one)}", err=True, color=session.color)
    for note in notes:
        click.echo(
            f"{click.style('note', bold=True)}: {plain(note)}", err=True, color=session.color
        )
