"""`afield import dvc`: versions of data from a DVC repository's cache and git history."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import click

from afield.cli import words
from afield.cli.output import emit_json, plain
from afield.cli.session import Session, global_options, session_of

if TYPE_CHECKING:
    from afield.cli.progress import Meter
    from afield.datasets.query import Version
    from afield.workspace.bring.dvc import Found, Repository
    from afield.workspace.workspace import Workspace

PARTLY = 3
SHOWN_MAX = 5


@click.command("dvc")
@click.argument("path", type=click.Path(exists=True))
@click.option("--name", metavar="NAME", help="What the dataset is called; its path unless given.")
@click.option("--rev", default="HEAD", metavar="REV", help="The end of the history; HEAD.")
@click.option("--dry-run", is_flag=True, help="Say what would be brought, and bring nothing.")
@click.option("--no-profile", is_flag=True, help="Do not look into tables.")
@global_options
@click.pass_context
def command(
    context: click.Context,
    *,
    path: str,
    name: str | None,
    rev: str,
    dry_run: bool,
    no_profile: bool,
) -> int:
    """Make versions of all data that the DVC repository at PATH has in its history.

    PATH is the repository, a folder in it, a `.dvc` file or an output. Each output becomes a
    dataset, each content that it had over the commits a version, with the commit's author,
    date and message; every file is checked by its MD5. What is in no cache here is named and
    passed over (exit 3): `dvc fetch --all-commits`, and import again. DVC is not needed.
    """
    from afield.cli.progress import Meter
    from afield.workspace.bring.dvc import look

    session = session_of(context)
    workspace = session.workspace()
    full = os.path.abspath(path)  # noqa: PTH100 - links in it are the person's own
    repository = look(workspace, full, rev=rev, name=name, environ=session.environ)
    made: dict[str, list[Version]] = {}
    damaged: list[tuple[str, str]] = []
    if not dry_run:
        total = None if no_size(repository) else sizes(repository)
        with (
            Meter(session, "importing", total) as progress,
            Meter(session, "looking into") as profiling,
        ):
            looking = None if no_profile else profiling
            made, damaged = _bring(session, workspace, repository, progress, looking)
    document = _document(workspace, repository, made, damaged, dry_run=dry_run)
    if session.json:
        emit_json(document)
    else:
        _say(document)
    missing = any(one["missing"] for one in document["datasets"])
    left = repository.unreadable or repository.passed_over
    return PARTLY if missing or damaged or left else 0


def no_size(repository: Repository) -> bool:
    """Tell whether the size of something that is to be brought is not known."""
    return any(
        found.whole[place].output.size_bytes is None
        for found in repository.found
        for place in found.new
    )


def sizes(repository: Repository) -> tuple[int, int]:
    """Return how many files and bytes are to be brought, as DVC's files say."""
    outputs = [found.whole[place].output for found in repository.found for place in found.new]
    return sum(one.files_count for one in outputs), sum(one.size_bytes or 0 for one in outputs)


def _bring(
    session: Session,
    workspace: Workspace,
    repository: Repository,
    progress: Meter,
    profiling: Meter | None,
) -> tuple[dict[str, list[Version]], list[tuple[str, str]]]:
    from afield.runs.secrets import known_values, redact
    from afield.workspace.bring.dvc import KIND, states
    from afield.workspace.bring.dvc_keep import Keeping
    from afield.workspace.bring.versions import bring
    from afield.workspace.datasets import stat_cache

    known = known_values(session.environ, folder=os.fspath(session.folder()))
    # Of its own: what `data add` remembers of these files was never checked by MD5.
    cache = stat_cache(workspace, f"{repository.root}/.dvc: md5")
    keeping = Keeping(workspace.record.vault, repository.places, cache, progress)
    made = {}
    for found in repository.found:
        told = states(found, keeping, lambda text: redact(text, known=known)[0])
        made[found.path] = bring(workspace, found.name, KIND, told, profiling=profiling)
    return made, keeping.passed_over


def _document(
    workspace: Workspace,
    repository: Repository,
    made: dict[str, list[Version]],
    damaged: list[tuple[str, str]],
    *,
    dry_run: bool,
) -> dict[str, Any]:
    return {
        "schema": "afield.imported/1",
        "from": "dvc",
        "path": repository.root,
        "commit": repository.commit,
        "dry_run": dry_run,
        "datasets": [
            _dataset(workspace, found, made.get(found.path, [])) for found in repository.found
        ],
        "damaged": [{"what": what, "why": why} for what, why in damaged],
        "unreadable": [
            {"path": path, "commit": commit, "why": why}
            for path, commit, why in repository.unreadable
        ],
        "in_git": repository.in_git,
        "passed_over": [
            {"output": output, "path": path, "why": why}
            for output, (path, why) in sorted(repository.passed_over.items())
        ],
        "remotes_not_reached": repository.places.away,
        "shallow": repository.shallow,
    }


def _dataset(workspace: Workspace, found: Found, made: list[Version]) -> dict[str, Any]:
    from afield.workspace.data_documents import card_part, version_part
    from afield.workspace.datasets import card_of

    new = [found.whole[place] for place in sorted(found.new)]
    return {
        "name": found.name,
        "path": found.path,
        "known": len(found.whole) - len(new),
        "new": [
            {"md5": one.output.md5, "commit": one.commit.id, "date": one.commit.date} for one in new
        ],
        "added": [version_part(workspace, version) for version in made],
        "card": card_part(card_of(workspace, found.name)),
        "missing": [
            {
                "md5": one.output.md5,
                "commit": one.commit.id,
                "files": len(one.lacks),
                "example": next(iter(one.lacks), None),
                "why": one.why or "not in the cache",
            }
            for one in found.seen
            if not one.whole
        ],
    }


def _say(document: dict[str, Any]) -> None:
    for one in document["datasets"]:
        _say_dataset(one, dry_run=document["dry_run"])
    bare = [one for one in document["datasets"] if one["added"] and one["card"]["missing"]]
    if bare:
        example = f"afield data card {bare[0]['name']} --set {bare[0]['card']['missing'][0]}=…"
        click.echo(f"data cards with gaps: {words.count(len(bare), 'dataset')}", err=True)
        click.echo(f"{click.style('hint', fg='cyan')}: {example}", err=True)
    for one in document["damaged"]:
        _warn(f"{one['what']} was passed over: {one['why']}")
    for one in document["unreadable"][:SHOWN_MAX]:
        _warn(f"{one['path']} of commit {one['commit'][:8]} was passed over: {one['why']}")
    for one in document["passed_over"][:SHOWN_MAX]:
        _warn(f"{one['output']} was passed over: {one['why']} ({one['path']})")
    if len(document["passed_over"]) > SHOWN_MAX:
        _warn(f"and {len(document['passed_over']) - SHOWN_MAX} more were passed over (--json)")
    if document["in_git"]:
        known = ", ".join(document["in_git"][:SHOWN_MAX])
        click.echo(f"kept in git itself, and not imported: {plain(known)}", err=True)
    if document["shallow"]:
        _warn("the clone is shallow: versions of older commits are not seen")
        click.echo(f"{click.style('hint', fg='cyan')}: git fetch --unshallow", err=True)
    if any(one["missing"] for one in document["datasets"]):
        away = ", ".join(document["remotes_not_reached"]) or "no remote is known"
        hint = "dvc fetch --all-commits, and import again"
        click.echo(f"the rest may be at: {plain(away)}", err=True)
        click.echo(f"{click.style('hint', fg='cyan')}: {hint}", err=True)


def _say_dataset(one: dict[str, Any], *, dry_run: bool) -> None:
    name = click.style(plain(one["name"]), bold=True)
    new = len(one["new"] if dry_run else one["added"])
    said = words.count(new, "new version") if new else "nothing new"
    if dry_run and new:
        said = f"would get {said}"
    elif new:
        size = words.size(one["added"][-1]["size_bytes"])
        said += f", now {one['added'][-1]['label']} ({size})"
    known = f"; {one['known']} known" if one["known"] else ""
    click.echo(f"{name}: {said}{known}  {click.style(plain(one['path']), dim=True)}")
    for each in one["missing"][:SHOWN_MAX]:
        files = f"{words.count(each['files'], 'file')} " if each["files"] else ""
        _warn(f"{one['path']} of commit {each['commit'][:8]}: {files}{each['why']}")
    if len(one["missing"]) > SHOWN_MAX:
        _warn(f"and {len(one['missing']) - SHOWN_MAX} more versions of {one['path']} (--json)")


def _warn(text: str) -> None:
    click.secho(f"warning: {plain(text)}", fg="yellow", err=True)
