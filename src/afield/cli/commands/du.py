"""`afield du`: what takes the space, and what deduplication and compression save."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from afield.cli import words
from afield.cli.output import emit_json
from afield.cli.session import Session, global_options, session_of

if TYPE_CHECKING:
    from afield.workspace.usage import Usage, Use

TOP = 20


@click.command("du")
@click.option(
    "--by",
    type=click.Choice(["run", "dataset", "kind", "project"]),
    help="What the rows are; without it, runs and datasets.",
)
@click.option("--top", type=click.IntRange(min=1), default=TOP, show_default=True, help="Rows.")
@global_options
@click.pass_context
def command(context: click.Context, *, by: Any, top: int) -> None:
    """Show what takes the space: runs, datasets, journal, tables and caches.

    `alone` is what nothing else holds: about what a sweep would free without the run or
    dataset. What several hold is counted with each of them.
    """
    from afield.workspace.usage import usage

    session = session_of(context)
    workspace = session.workspace()
    found = usage(workspace, by or "item")
    if session.json:
        emit_json(_document(str(workspace.path), by or "item", found))
        return
    _draw(session, found, top)


def _draw(session: Session, found: Usage, top: int) -> None:
    from rich.table import Table

    from afield.cli.screen import draw, styled

    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for title in ("stored", "alone", "files"):
        table.add_column(title, header_style="dim", justify="right", no_wrap=True)
    table.add_column("of", header_style="dim", overflow="fold")
    for use in found.uses[:top]:
        sizes = (use.stored_bytes, use.exclusive_bytes, use.apparent_bytes)
        table.add_row(*(styled(words.size(size)) for size in sizes), styled(_label(use)))
    draw(session, table)
    if len(found.uses) > top:
        click.echo(f"… and {len(found.uses) - top:,} more (--top N)")
    click.echo()
    folders = Table.grid(padding=(0, 2, 0, 0))
    folders.add_column(justify="right", no_wrap=True)
    folders.add_column()
    for name, size_bytes in sorted(found.folders.items(), key=lambda item: -item[1]):
        if size_bytes:
            folders.add_row(words.size(size_bytes), name)
    folders.add_row(styled(words.size(sum(found.folders.values())), "bold"), "in all")
    draw(session, folders)
    click.echo()
    for line in _savings(found):
        click.echo(line)


def _savings(found: Usage) -> list[str]:
    """Say what is saved, what nobody needs, and what is elsewhere."""
    objects = words.count(found.objects, "object")
    here_bytes = found.apparent_bytes - found.absent_bytes
    files, content = words.size(here_bytes), words.size(found.content_bytes)
    lines = [
        f"{objects}: {files} of files; {content} of it different ({found.deduplication:.2f}x),",
        f"compressed to {words.size(found.stored_bytes)} ({found.compression:.2f}x)",
    ]
    nobody = next((use for use in found.uses if use.kind == "nobody"), None)
    gone = sum(use.exclusive_bytes for use in found.uses if not use.live and use is not nobody)
    if gone:
        lines.append(f"{words.size(gone)} no longer needed: afield sweep")
    if nobody:
        text = words.size(nobody.stored_bytes)
        lines.append(f"{text} that belong to nothing: afield sweep, once they are 14 days old")
    if found.missing:
        size = words.size(found.absent_bytes)
        text = f"{words.count(found.missing, 'object')} not here, {size} of files"
        lines.append(f"{text}: afield verify --quick says where they are")
    return lines


def _label(use: Use) -> str:
    from afield.cli.arguments import short

    if use.kind == "run":
        text = f"run {short(use.key)} {use.label}"
    elif use.kind in {"kind", "nobody"}:
        text = use.label
    else:
        text = f"{use.kind} {use.label}"
    return text if use.live or use.kind == "nobody" else f"{text} (deleted)"


def _document(path: str, by: str, found: Usage) -> dict[str, Any]:
    return {
        "schema": "afield.du/1",
        "workspace": path,
        "by": by,
        "uses": [
            {
                "kind": use.kind,
                "key": use.key,
                "label": use.label,
                "live": use.live,
                "objects": use.objects,
                "apparent_bytes": use.apparent_bytes,
                "absent_bytes": use.absent_bytes,
                "stored_bytes": use.stored_bytes,
                "exclusive_bytes": use.exclusive_bytes,
                "shared_bytes": use.shared_bytes,
            }
            for use in found.uses
        ],
        "objects": found.objects,
        "apparent_bytes": found.apparent_bytes,
        "absent_bytes": found.absent_bytes,
        "content_bytes": found.content_bytes,
        "stored_bytes": found.stored_bytes,
        "deduplication": found.deduplication,
        "compression": found.compression,
        "folders": found.folders,
        "missing": found.missing,
    }
