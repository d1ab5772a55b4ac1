"""`afield bundle`: a run for a stranger, or the news of the record for a colleague, in a file."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from afield.cli import words
from afield.cli.arguments import RUN
from afield.cli.output import emit_json, plain
from afield.cli.progress import Progress
from afield.cli.session import Session, global_options, session_of
from afield.cli.tools import uv_path
from afield.kernel.errors import Refused, Usage

if TYPE_CHECKING:
    from afield.kernel.ids import ObjectId
    from afield.runs.manifest import Manifest
    from afield.sync.replica import Filter
    from afield.workspace.bundle import Packed
    from afield.workspace.workspace import Workspace

ABSENT_MAX = 8


@click.command("bundle")
@click.argument("run", type=RUN, required=False)
@click.option(
    "--since",
    "word",
    metavar="WHEN",
    help="All that is new in the record since: last, start, a remote, a bundle, a day, a run.",
)
@click.option("-o", "--output", metavar="FILE", help="The file to write; NAME.afield unless given.")
@click.option("--with-wheels", is_flag=True, help="Include the environment, to rebuild it offline.")
@click.option(
    "--data",
    type=click.Choice(["all", "recent", "none"]),
    help="With --since: which bytes of files go along (all).",
)
@click.option(
    "--label",
    "labels",
    multiple=True,
    metavar="PLACE",
    help="Where the file will lie (eu, de), for datasets with a residency.",
)
@click.option("--force", is_flag=True, help="Replace a file that is there.")
@global_options
@click.pass_context
def command(
    context: click.Context,
    *,
    run: str | None,
    word: str | None,
    output: str | None,
    with_wheels: bool,
    data: Any,
    labels: tuple[str, ...],
    force: bool,
) -> None:
    """Put RUN into one file: code, inputs, outputs, console, metrics, seeds, environment.

    Whoever gets the file needs no workspace: `afield reproduce FILE` repeats the run,
    `afield show FILE` tells of it. Secrets are in no record, so in no bundle either.

    With --since and no RUN: what is new in the record, for a stick or mail. A colleague takes
    it in with `afield sync FILE`, or begins with `afield clone FILE DIR`.
    """
    session = session_of(context)
    if run is None or word is not None:
        from afield.cli.bundle_record import bundle_record
        from afield.cli.commands.sync import pace_of
        from afield.workspace.bundle import SUFFIX

        if run is not None or word is None or with_wheels:
            why = "name a run, or say --since WHEN for the record"
            raise Usage("cannot bundle", why=why, hint="afield bundle --since last")
        path = _path(output or f"record{SUFFIX}", SUFFIX, force=force)
        bundle_record(
            session, os.fspath(path), word, data=data or "all", labels=labels, pace=pace_of(None)
        )
        return
    if data:
        raise Usage("cannot bundle", run, "--data goes with --since")
    _bundle_run(session, run, output, labels, with_wheels=with_wheels, force=force)


def _bundle_run(
    session: Session,
    run: str,
    output: str | None,
    labels: Sequence[str],
    *,
    with_wheels: bool,
    force: bool,
) -> None:
    from afield.workspace.bundle import SUFFIX, pack
    from afield.workspace.remotes import Remote, check_labels
    from afield.workspace.residency import filter_for

    check_labels(labels)
    workspace = session.workspace()
    view = workspace.run(run)
    manifest = workspace.manifest(view)
    if manifest is None or view.ended is None:
        why = "nothing was captured of it" if view.ended else "it has not ended"
        raise Refused("cannot bundle", view.name, why, hint="afield run COMMAND")
    foreign = view.kind == "imported"  # nothing of it can be run again
    path = _path(output or f"{view.name}{SUFFIX}", SUFFIX, force=force)
    wheels: dict[str, ObjectId] = {}
    may_go = filter_for(workspace, Remote("bundle", os.fspath(path), frozenset(labels)))
    absent = (*_absent(manifest, workspace, view.id), *_staying(manifest, may_go))
    with Progress(session) as progress:
        if with_wheels and manifest.environment is not None:
            wheels, more = _wheels(session, workspace, manifest, progress)
            absent = (*absent, *more)
        packed = pack(
            workspace.record,
            view.id,
            name=view.name or view.id,
            manifest=manifest,
            path=os.fspath(path),
            wheels=wheels,
            absent=absent,
            may_go=may_go,
            progress=progress.step,
        )
    _tell(session, packed, view.name or view.id, verb="show" if foreign else "reproduce")


def _wheels(
    session: Session, workspace: Workspace, manifest: Manifest, progress: Progress
) -> tuple[dict[str, ObjectId], tuple[str, ...]]:
    from afield.replay import gather_wheels, make_tools

    assert manifest.environment is not None
    tools = make_tools(
        uv=uv_path(session.environ) or "uv",
        cache=os.fspath(workspace.path / "cache"),
        environ=session.environ,
        progress=progress.step,
    )
    folder = os.fspath(session.folder())
    return gather_wheels(
        manifest.environment, vault=workspace.record.vault, tools=tools, folder=folder
    )


def _path(output: str, suffix: str, *, force: bool) -> Path:
    path = Path(output).expanduser()
    path = path.parent.resolve() / path.name
    if path.suffix != suffix:
        hint = f"-o {path.with_suffix(suffix).name}"
        raise Usage("cannot write bundle", output, f"its name does not end in {suffix}", hint=hint)
    if path.is_dir() or (path.exists() and not force):
        why = "it is a folder" if path.is_dir() else "it is there already"
        raise Usage("cannot write bundle", output, why, hint="-o OTHER.afield, or --force")
    return path


def _absent(manifest: Manifest, workspace: Workspace, run: str) -> tuple[str, ...]:
    """Return in words what the run needs and no file can hold."""
    from afield.kernel.ids import parse_object_id
    from afield.replay.plan import make_plan

    plan = make_plan(manifest, vault=workspace.record.vault, run=run)
    outside = [
        f"{one.path} ({words.size(one.size_bytes)}) is outside the project: it must be there"
        for one in plan.outside
    ]
    gaps = [gap.detail for gap in plan.gaps if gap.missing]
    console = manifest.console
    if console is not None and not workspace.record.vault.has(parse_object_id(console)):
        gaps.append(f"the console: the bytes are not here (afield fetch {run})")
    return tuple(dict.fromkeys((*gaps, *outside)))


def _staying(manifest: Manifest, may_go: Filter) -> list[str]:
    """Return in words what the run read that must stay in a place, which the bundle may not."""
    read = [(one.label, one.tree) for one in manifest.datasets]
    read += [(one.path, one.digest) for one in manifest.inputs if one.kept and one.digest]
    return [
        f"{name} must stay in a place (--label says where the bundle will lie)"
        for name, digest in read
        if not may_go(bytes.fromhex(digest))
    ]


def _tell(session: Session, packed: Packed, name: str, *, verb: str) -> None:
    contents = packed.contents
    document: dict[str, Any] = {
        "schema": "afield.bundled/1",
        "run": contents.run,
        "path": packed.path,
        "size_bytes": packed.size_bytes,
        "objects": packed.objects,
        "wheels": len(contents.wheels),
        "absent": list(contents.absent),
    }
    if session.json:
        emit_json(document)
        return
    held = [words.count(packed.objects, "object")]
    if contents.wheels:
        held.append(words.count(len(contents.wheels), "wheel"))
    click.echo(f"{packed.path} ({words.size(packed.size_bytes)}): {plain(name)}, {', '.join(held)}")
    for text in contents.absent[:ABSENT_MAX]:
        click.echo(f"not in it: {plain(text)}")
    if len(contents.absent) > ABSENT_MAX:
        click.echo(f"and {len(contents.absent) - ABSENT_MAX} more that are not in it (--json)")
    does = "repeat it" if verb == "reproduce" else "look at it"
    click.echo(f"{does} anywhere with: afield {verb} {Path(packed.path).name}")
