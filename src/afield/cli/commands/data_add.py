"""`afield data add`: keep a file or folder as a new version of a dataset."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

import click

from afield.cli import words
from afield.cli.arguments import KEY_VALUE
from afield.cli.output import HIDDEN, emit_json, plain
from afield.cli.session import Session, global_options, session_of
from afield.kernel.errors import Usage

if TYPE_CHECKING:
    from afield.workspace.datasets import Added
    from afield.workspace.workspace import Workspace

EXIT_PARTLY = 3
LEFT_OUT_SHOWN = 5


@click.command("add")
@click.argument("path", type=click.Path(exists=True))
@click.option("--name", required=True, metavar="NAME", help="What the dataset is called.")
@click.option("--message", "-m", default="", metavar="TEXT", help="A word on this version.")
@click.option(
    "--set",
    "fields",
    multiple=True,
    type=KEY_VALUE,
    metavar="KEY=VALUE",
    help="Set a field of the data card with it (`afield data card`).",
)
@click.option("--no-profile", is_flag=True, help="Do not look into tables.")
@global_options
@click.pass_context
def command(
    context: click.Context,
    *,
    path: str,
    name: str,
    message: str,
    fields: tuple[tuple[str, str], ...],
    no_profile: bool,
) -> int:
    """Keep PATH, a file or a folder, as the newest version of a dataset.

    What has not changed costs a look; what is known is kept once. An add that was cut short
    is lost in no part: the next one carries on. Exits with 3 when something in PATH could not
    be kept.
    """
    from afield.cli.progress import Meter
    from afield.datasets.limits import MESSAGE_BYTES_MAX
    from afield.workspace.datasets import add

    session = session_of(context)
    if len(message.encode("utf-8", "replace")) > MESSAGE_BYTES_MAX:
        raise Usage("the message is too long", why=f"at most {MESSAGE_BYTES_MAX} bytes")
    message, card = _clean(session, message.strip(), dict(fields))
    workspace = session.writing("data.write")
    full = os.path.abspath(path)  # noqa: PTH100 - links in it are the person's own
    with _transfer(session, full) as progress, Meter(session, "looking into") as profiling:
        added = add(
            workspace,
            full,
            name,
            message=message,
            card=card,
            progress=progress,
            profiling=None if no_profile else profiling,
        )
    document = _document(workspace, added)
    if session.json:
        emit_json(document)
    else:
        _say(document)
    return EXIT_PARTLY if _could_not(added) else 0


def _clean(session: Session, message: str, card: dict[str, str]) -> tuple[str, dict[str, str]]:
    """Return what a person wrote, with secrets replaced; says so when there were any."""
    if not message and not card:
        return message, card
    from afield.runs.secrets import known_values, redact, redact_mapping

    known = known_values(session.environ, folder=os.fspath(session.folder()))
    message, in_message = redact(message, known=known)
    card, in_card = redact_mapping(card, "card", known=known)
    if in_message or in_card:
        click.echo(HIDDEN, err=True)
    return message, card


def _transfer(session: Session, path: str) -> Any:
    from afield.cli.progress import Meter

    total = None
    if session.is_terminal(sys.stderr):  # only who sees the time left pays for it
        from afield.datasets.walk import measure

        total = measure(path)
    return Meter(session, "adding", total)


def _could_not(added: Added) -> int:
    """Return how many paths could not be kept; records of others are left alone on purpose."""
    alone = sum(path.endswith("/") for path, _ in added.kept.left_out)
    return added.kept.left_out_count - alone


def _document(workspace: Workspace, added: Added) -> dict[str, Any]:
    from afield.workspace.data_documents import card_part, version_part
    from afield.workspace.datasets import card_of

    return {
        "schema": "afield.data-added/1",
        "fresh": added.fresh,
        **version_part(workspace, added.version),
        "before": added.before and added.before.label,
        "left_out": [{"path": path, "why": why} for path, why in added.kept.left_out],
        "left_out_count": added.kept.left_out_count,
        "advice": [
            {"path": one.path, "size_bytes": one.size_bytes, "why": list(one.why)}
            for one in added.advice
        ],
        "card": card_part(card_of(workspace, added.version.name)),
    }


def _say(document: dict[str, Any]) -> None:
    label = click.style(plain(document["label"]), bold=True)
    what = f"{words.count(document['files'], 'file')}, {words.size(document['size_bytes'])}"
    if document["fresh"]:
        click.echo(f"added {label}: {what}  {document['tree'][:12]}")
    else:
        click.echo(f"unchanged: {label} holds the same {what}")
    for one in document["left_out"][:LEFT_OUT_SHOWN]:
        click.echo(f"left out: {plain(one['path'])}: {plain(one['why'])}", err=True)
    if document["left_out_count"] > LEFT_OUT_SHOWN:
        click.echo(f"… and {document['left_out_count'] - LEFT_OUT_SHOWN} more", err=True)
    _advise(document["advice"])
    missing = document["card"]["missing"]
    if missing:
        click.echo(f"the data card says nothing of {', '.join(missing)}", err=True)
        example = f"afield data card {document['name']} --set {missing[0]}=…"
        click.echo(f"{click.style('hint', fg='cyan')}: {example}", err=True)


def _advise(found: list[dict[str, Any]]) -> None:
    """Say which Parquet files will be kept anew when they change, and what helps."""
    if not found:
        return
    for one in found[:LEFT_OUT_SHOWN]:
        mark = click.style("will share few bytes with its next version", fg="yellow")
        click.echo(f"{mark}: {plain(one['path'])}: {'; '.join(one['why'])}", err=True)
    if len(found) > LEFT_OUT_SHOWN:
        click.echo(f"… and {len(found) - LEFT_OUT_SHOWN} more (--json)", err=True)
    hint = "write them with afield.write_parquet(table, path)"
    click.echo(f"{click.style('hint', fg='cyan')}: {hint}", err=True)
