"""What the commands of sync say of a report, for people and as JSON."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import click

from afield.cli import words
from afield.cli.output import plain
from afield.cli.progress import Meter

if TYPE_CHECKING:
    from afield.cli.session import Session
    from afield.sync.messages import Report
    from afield.workspace.workspace import Workspace

SHOWN_MAX = 5


class Watch:
    """Shows what a sync is at; call it as the sync's `watch`. A context manager."""

    def __init__(
        self, session: Session, name: str, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._name = name
        self._meter = Meter(session, name, noun="pack", clock=clock)

    def __enter__(self) -> Self:
        self._meter.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._meter.__exit__(kind, error, trace)

    def __call__(self, report: Report, label: str) -> None:
        """Show how much was moved, how fast, and how long this step still takes."""
        packs = report.packs_in + report.packs_out
        moved = report.bytes_in + report.bytes_out
        if report.ahead:
            self._meter.expect(packs + report.ahead, moved + report.ahead_bytes)
        else:
            self._meter.expect_nothing()
        self._meter.turn_to(f"{self._name}: {label}")
        self._meter.reach(packs, moved + report.under_way)


def document(name: str, url: str, report: Report, *, whole: bool) -> dict[str, Any]:
    """Return what one remote's sync came to, for JSON."""
    return {
        "name": name,
        "url": url,
        "whole": whole,
        "received": {
            "entries": report.entries_in,
            "packs": report.packs_in,
            "bytes": report.bytes_in,
        },
        "sent": {
            "entries": report.entries_out,
            "packs": report.packs_out,
            "bytes": report.bytes_out,
        },
        "left": {"packs": report.left, "bytes": report.left_bytes},
        "faults": [{"name": each, "why": why} for each, why in report.faults],
        "behind": [{"device": device, "seq": seq} for device, seq in report.behind],
        "damaged_here": list(report.damaged),
    }


def tell_stays(name: str, labels: Collection[str], stays: Mapping[str, Sequence[str]]) -> None:
    """Say which data a remote did not get, because its card says where it must stay."""
    lies = f"lies in {', '.join(sorted(labels))}" if labels else "has no label"
    for dataset, places in list(stays.items())[:SHOWN_MAX]:
        text = (
            f"{name}: no bytes of {dataset}, which must stay in {', '.join(places)}; {name} {lies}"
        )
        click.echo(plain(text), err=True)
    if len(stays) > SHOWN_MAX:
        click.echo(f"{plain(name)}: and {len(stays) - SHOWN_MAX} more (--json has all)", err=True)


def tell(name: str, report: Report, *, whole: bool, dry: bool) -> None:
    """Say in a few lines what a sync did."""
    moved = [
        _moved("receive" if dry else "received", report.entries_in, report.packs_in,
               report.bytes_in),
        _moved("send" if dry else "sent", report.entries_out, report.packs_out,
               report.bytes_out),
    ]  # fmt: skip
    said = ", ".join(filter(None, moved)) or "nothing new"
    would = "would " if dry and said != "nothing new" else ""
    click.echo(f"{plain(name)}: {would}{said}{'' if whole else '; stopped before its end'}")
    if report.left:
        packs = words.count(report.left, "pack")
        click.echo(f"{plain(name)}: left there: {packs} ({words.size(report.left_bytes)})")
    for each, why in report.faults[:SHOWN_MAX]:
        _warn(f"{name}: {each} does not verify: {why}; it was passed over")
    for device, seq in report.behind[:SHOWN_MAX]:
        _warn(f"{name}: entries of device {device[:8]} up to {seq} are not there yet")
    more = len(report.faults) + len(report.behind) - 2 * SHOWN_MAX
    if more > 0:
        _warn(f"{name}: and more of this (--json has all)")
    for pack in report.damaged[:SHOWN_MAX]:
        _warn(f"pack {pack[:16]} is damaged here and was not sent")


def tell_of_devices(workspace: Workspace, known: Collection[tuple[str, int]] = ()) -> None:
    """Say which devices wait, which gave one number to two entries, and what was refused.

    Args:
        workspace: after a sync.
        known: what `branch_ends` gave before: of those that have not grown nothing is said.
    """
    from afield.cli.member_view import tell_refusals
    from afield.members.query import late, waiting
    from afield.members.removal import overruled
    from afield.workspace.access_review import refused_parts
    from afield.workspace.sync import devices_ahead

    for device in waiting(workspace.projection):
        entries = words.count(device.entries, "entry")
        click.secho(
            f"waiting: device {device.id[:8]} is not confirmed; {entries} of it do not count",
            fg="yellow",
            err=True,
        )
        click.echo("hint: afield join", err=True)
    for device_id, count in late(workspace.projection).items():
        entries = words.count(count, "entry")
        _warn(f"device {device_id[:8]} was removed; {entries} that it wrote later do not count")
    for device_id, other in overruled(workspace.projection, workspace.config.removed):
        _warn(
            f"device {device_id[:8]} removed device {other[:8]} and was removed by then, or at the"
            f" same time: device {other[:8]} stays"
        )
    if workspace.config.device in workspace.config.removed:
        _warn("this device was removed: what it writes now does not count for the others")
    for device_id, at_ms in devices_ahead(workspace).items():
        day = datetime.fromtimestamp(at_ms / 1000).astimezone().strftime("%Y-%m-%d")
        _warn(
            f"entries of device {device_id[:8]} are stamped up to {day}: its clock was ahead;"
            " what it set goes before what others set until then"
        )
    for log, _ in sorted(branch_ends(workspace) - set(known)):
        device_, seq, _ = log.split("-")
        whose = "this device" if device_ == workspace.config.device else f"device {device_[:8]}"
        _warn(f"{whose} wrote two different entries {int(seq)}: {COPIED}")
    tell_refusals(refused_parts(workspace))


COPIED = "a copy of it was used, or a backup that was restored; all of them count"


def branches(workspace: Workspace) -> list[str]:
    """Return the logs that stand beside a device's own: proof that it wrote one number twice."""
    from afield.journal.places import is_branch

    return [log for log in workspace.record.journal.heads() if is_branch(log)]


def branch_ends(workspace: Workspace) -> set[tuple[str, int]]:
    """Return these logs with the number of their last entry."""
    heads = workspace.record.journal.heads().items()
    found = set(branches(workspace))
    return {(log, head.seq) for log, head in heads if log in found}


def _moved(verb: str, entries: int, packs: int, size_bytes: int) -> str:
    parts = [words.count(entries, "entry")] if entries else []
    parts += [words.count(packs, "pack")] if packs else []
    return f"{verb} {' and '.join(parts)} ({words.size(size_bytes)})" if parts else ""


def _warn(text: str) -> None:
    click.secho(f"warning: {plain(text)}", fg="yellow", err=True)
