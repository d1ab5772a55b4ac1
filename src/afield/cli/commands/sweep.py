"""`afield sweep`: give back the space of what was deleted, dropped or cut short."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import click

from afield.cli import words
from afield.cli.output import emit_json, plain
from afield.cli.session import Session, global_options, session_of
from afield.kernel.errors import Usage

if TYPE_CHECKING:
    from afield.workspace.sweep import Plan
    from afield.workspace.tidying import Litter
    from afield.workspace.workspace import Workspace

SHOWN_MAX = 20
_UNITS_S = {"d": 86_400, "h": 3_600, "min": 60, "s": 1}
_TIME = re.compile(r"([0-9]{1,9})\s*(d|h|min|s)?")
_KINDS = {
    "run": "deleted run",
    "version": "dropped version",
    "card": "data card",
    "record": "record",
    "orphan": "work that was cut short",
}


@click.command("sweep")
@click.option("--dry-run", is_flag=True, help="Say what would go, and touch nothing.")
@click.option(
    "--grace",
    default="14d",
    show_default=True,
    metavar="TIME",
    help="How long what is put away rests before its space comes free: 14d, 12h, 0.",
)
@click.option("--undo", "back", is_flag=True, help="Bring back all that still rests.")
@global_options
@click.pass_context
def command(context: click.Context, *, dry_run: bool, grace: str, back: bool) -> None:
    """Put away what no run, version or other fact needs, and free what has rested.

    Of deleted runs, dropped versions and work that was cut short. What is put away rests in the
    workspace for the grace; until then --undo brings it back, and `afield restore` finds it.
    The next sweep after that gives back the space; with --grace 0, this one.

    May run beside runs that are being recorded, and may be cut off at any time.
    """
    from afield.cli.progress import Meter
    from afield.workspace import sweep as sweeps
    from afield.workspace.tidying import litter, tidy

    session = session_of(context)
    workspace = session.workspace()
    if back:
        _undo(session, workspace)
        return
    grace_ms = _milliseconds(grace)
    wished = sweeps.plan(workspace, grace_ms)
    found = litter(workspace.record, grace_ms)
    if dry_run or not session.json:
        _answer(session, wished, found, dry=True, asked=dry_run)
    if dry_run:
        return
    total = (len(wished.packs), sum(one.size_bytes for one in wished.packs))
    with Meter(session, "sweeping", total, noun="pack") as progress:
        done = sweeps.sweep(workspace, grace_ms, progress)
    tidied = tidy(workspace.record, found)
    _answer(session, done, tidied, dry=False, asked=True)


def _milliseconds(text: str) -> int:
    """Return what `14d` or `12h` is in milliseconds; a number alone is of days."""
    found = _TIME.fullmatch(text.strip().lower())
    if found is None:
        why = "a number and d, h, min or s"
        raise Usage("not a time", text, why, hint="afield sweep --grace 14d")
    return int(found[1]) * _UNITS_S[found[2] or "d"] * 1000


def _undo(session: Session, workspace: Workspace) -> None:
    from afield.workspace.sweep import undo

    found = undo(workspace)
    size_bytes = sum(one.size_bytes for one in found)
    if session.json:
        document = {"schema": "afield.sweep-undone/1", "packs": len(found), "bytes": size_bytes}
        emit_json(document)
    elif found:
        click.echo(f"back: {words.count(len(found), 'pack')}, {words.size(size_bytes)}")
    else:
        click.echo("nothing rests that could come back")


def _answer(session: Session, done: Plan, found: Litter, *, dry: bool, asked: bool) -> None:
    if session.json:
        emit_json(_document(done, found, dry=dry))
    elif dry:
        _say_what_goes(done, found, asked=asked)
    else:
        _say_what_went(done, found)


def _document(done: Plan, found: Litter, *, dry: bool) -> dict[str, Any]:
    return {
        "schema": "afield.sweep/1",
        "dry_run": dry,
        "owners": [
            {
                "kind": share.kind,
                "key": share.key,
                "label": share.label,
                "objects": share.objects,
                "bytes": share.size_bytes,
            }
            for share in done.shares
        ],
        "put_away": {"packs": len(done.packs), "bytes": done.away_bytes},
        "freed": {"packs": len(done.freed), "bytes": done.freed_bytes},
        "rests": {
            "packs": len(done.rests),
            "bytes": sum(one.size_bytes for one in done.rests),
        },
        "back": {"packs": len(done.back), "bytes": sum(one.size_bytes for one in done.back)},
        "stays_bytes": done.stays_bytes,
        "caches": {"count": len(found.caches), "bytes": found.cache_bytes},
        "temporaries": {"count": len(found.temporaries), "bytes": found.temporary_bytes},
    }


def _say_what_goes(done: Plan, found: Litter, *, asked: bool) -> None:
    for share in done.shares[:SHOWN_MAX]:
        whose = f"{_KINDS.get(share.kind, share.kind)} {plain(share.label)}".rstrip()
        objects = words.count(share.objects, "object")
        click.echo(f"  {words.size(share.size_bytes):>8}  {whose}  ({objects})")
    if len(done.shares) > SHOWN_MAX:
        click.echo(f"  … and {len(done.shares) - SHOWN_MAX:,} more (--json)")
    for size_bytes, what, count in (
        (done.freed_bytes, "put away earlier, rested long enough", len(done.freed)),
        (found.cache_bytes, "caches that nobody has used of late", len(found.caches)),
        (found.temporary_bytes, "files that were written by half", len(found.temporaries)),
    ):
        if count:
            click.echo(f"  {words.size(size_bytes):>8}  {what}")
    if not asked:
        return
    free = done.freed_bytes + found.cache_bytes + found.temporary_bytes
    if done.away_bytes or free:
        away = words.size(done.away_bytes)
        click.echo(f"would put away {away} and free {words.size(free)}; nothing was touched")
    else:
        click.echo("nothing to sweep")
    _say_rest(done)


def _say_what_went(done: Plan, found: Litter) -> None:
    free = done.freed_bytes + found.cache_bytes + found.temporary_bytes
    now_free = {one.pack for one in done.freed}
    away = sum(one.dead_bytes for one in done.packs if one.pack not in now_free)
    if not away and not free:
        click.echo("nothing to sweep")
        return
    said = [f"put away {words.size(away)}"] if away else []
    said += [f"freed {words.size(free)}"] if free else []
    click.echo(", ".join(said))
    _say_rest(done)
    if away:
        click.echo("undo with: afield sweep --undo")


def _say_rest(done: Plan) -> None:
    if done.stays_bytes:
        size = words.size(done.stays_bytes)
        click.echo(f"{size} that nobody needs stay, in packs that are mostly needed")
