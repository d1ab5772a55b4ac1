"""How findings, samples and repairs are put into words and JSON: `verify` and `repair` share it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from afield.cli import words
from afield.cli.output import plain
from afield.kernel.findings import Finding
from afield.vault.check import GONE, PHANTOM, STAYED, STAYS

if TYPE_CHECKING:
    from afield.workspace.affected import Affected
    from afield.workspace.check import Examined
    from afield.workspace.repair import Repair
    from afield.workspace.sampling import Extent

SHOWN_MAX = 20
PATHS_SHOWN = 3
PARTLY = 3
_SHORT = 12
_DIGEST = re.compile(r"\b[0-9a-f]{32,64}\b")
_HOW = {
    "replaced": "a sound copy from {}",
    "salvaged": "what is sound of it was moved to a new pack",
    "rebuilt": "written again{}",
    "restored": "back from {}",
}


def part(finding: Finding) -> dict[str, Any]:
    """Return a finding for JSON."""
    return {
        "what": finding.what,
        "name": finding.name,
        "why": finding.why,
        "damaged": finding.damaged,
    }


def tell_findings(findings: Sequence[Finding]) -> None:
    """Say what is damaged, odd and elsewhere; the first of each, and how many more."""
    damaged = [one for one in findings if one.damaged]
    odd = [one for one in findings if not one.damaged and one.what not in {PHANTOM, GONE}]
    for finding in [*damaged, *odd][:SHOWN_MAX]:
        mark = click.style("damaged", fg="red", bold=True) if finding.damaged else "note"
        click.echo(f"{mark}: {finding.what} {_name(finding)}: {_shortened(finding.why)}")
    if len(damaged) + len(odd) > SHOWN_MAX:
        more = len(damaged) + len(odd) - SHOWN_MAX
        click.echo(f"… and {more:,} more; `afield verify --json` has all")
    phantoms = Counter(one.why for one in findings if one.what == PHANTOM)
    stays, sent = phantoms.pop(STAYS, 0), phantoms.pop(STAYED, 0)
    if stays:
        count = words.count(stays, "object")
        click.echo(f"note: {count} not here, kept away by residency: afield data card NAME")
    if sent:
        count = words.count(sent, "object")
        click.echo(f"note: {count} not here: ask the sender for a bundle with `--data all`")
    if phantoms:
        count = words.count(phantoms.total(), "object")
        click.echo(f"note: {count} not here but at a remote: afield fetch RUN, or afield sync")


def tell_lost(missing: Sequence[Affected]) -> None:
    """Say who misses what is lost."""
    from afield.cli.arguments import short

    mark = click.style("lost", fg="yellow", bold=True)
    click.echo(f"{mark}: of some bytes no copy was found; they are missed by")
    for one in missing[:SHOWN_MAX]:
        owner = one.owner
        name = f"run {short(owner.key)} {owner.label}" if owner.kind == "run" else owner.label
        files = words.count(len(one.paths), "file") + ": " if len(one.paths) > 1 else ""
        what = f": {files}{', '.join(one.paths[:PATHS_SHOWN])}" if one.paths else ""
        more = ", …" if len(one.paths) > PATHS_SHOWN else ""
        click.echo(f"      {plain(name)}{plain(what)}{more}")
    if len(missing) > SHOWN_MAX:
        click.echo(f"      … and {len(missing) - SHOWN_MAX:,} more (--json)")
    if not missing:
        click.echo("      nothing that is known")
    click.echo("      afield repair --from PLACE looks in one more place")


def affected_parts(missing: Sequence[Affected]) -> list[dict[str, Any]]:
    """Return who misses what is lost, for JSON."""
    return [
        {
            "kind": one.owner.kind,
            "key": one.owner.key,
            "label": one.owner.label,
            "paths": list(one.paths),
        }
        for one in missing
    ]


def counts(findings: Sequence[Finding]) -> str:
    """Return how many of each kind are damaged: `2 packs, 1 entry`."""
    kinds = Counter(finding.what for finding in findings if finding.damaged)
    return ", ".join(words.count(n, kind) for kind, n in kinds.most_common())


def tell_extent(found: Examined, extent: Extent) -> None:
    """Say how much was read, and when all will have been."""
    if extent.kind == "quick":
        click.echo(
            "read: journal, signatures, indexes and references, no content\n"
            "      (afield verify --sample 5% reads some of it, --full all)"
        )
    if extent.kind != "sample":
        return
    coverage = found.coverage
    size = words.size(found.read_bytes)
    click.echo(
        f"read: {found.read:,} of {words.count(found.packs, 'pack')},"
        f" {size} of {words.size(coverage.size_bytes)} (--seed {found.seed} reads the same)"
    )
    if coverage.oldest_ms is not None and coverage.size_bytes:
        share = coverage.read_bytes / coverage.size_bytes
        oldest = datetime.fromtimestamp(coverage.oldest_ms / 1000, UTC)
        since = words.ago(oldest, datetime.now(UTC))
        text = f"by now: {share:.0%} was read whole and sound, the oldest {since}"
        if coverage.left:
            text += f"; {words.count(coverage.left, 'more sample')} until all was"
        click.echo(text)


def tell_repair(found: Repair, *, dry: bool) -> None:
    """Say what was mended, from where, and what could not be asked."""
    objects = Counter(one.source for one in found.changes if one.what == "object")
    rest = [one for one in found.changes if one.what != "object"]
    verb = click.style("would mend" if dry else "mended", fg="green")
    for one in rest[:SHOWN_MAX]:
        source = _source(one.source, one.how)
        click.echo(f"{verb}: {one.what} {one.name[:_SHORT]}: {_HOW[one.how].format(source)}")
    if len(rest) > SHOWN_MAX:
        click.echo(f"… and {len(rest) - SHOWN_MAX:,} more (--json)")
    for source, count in objects.items():
        click.echo(f"{verb}: {words.count(count, 'object')}: back from {plain(source)}")
    if found.entries:
        click.echo(f"{verb}: {words.count(found.entries, 'entry')} of the journal")
    if found.aside:
        files = words.count(len(found.aside), "damaged file")
        click.echo(f"kept: {files} in .afield/quarantine; remove them when you like")
    for name, why in found.unreachable.items():
        text = f"not asked: {plain(name)}: {plain(why)}"
        click.secho(text, fg="yellow", err=True)


def _source(source: str, how: str) -> str:
    if how == "rebuilt":
        return f", with lines from {plain(source)}" if source else ""
    return plain(source)


def _name(finding: Finding) -> str:
    """Return a name that fits a line: of a digest, as much as tells it from others."""
    return _shortened(finding.name)


def _shortened(text: str) -> str:
    """Return text with as much of each digest as tells it from others; JSON has them whole."""
    return plain(_DIGEST.sub(lambda found: found[0][:_SHORT], text))
