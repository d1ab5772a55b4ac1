"""`afield verify`: check every chain, seal, pack and reference; name what is damaged."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import click

from afield.cli.output import emit_json, plain
from afield.cli.session import Session, global_options, session_of
from afield.kernel.errors import Damaged, Usage

if TYPE_CHECKING:
    from afield.workspace.affected import Affected
    from afield.workspace.check import Examined
    from afield.workspace.sampling import Extent

_SHARE = re.compile(r"(\d+(?:\.\d+)?)(%?)")


@click.command("verify")
@click.option("--quick", is_flag=True, help="Journal, indexes and references; no content.")
@click.option("--sample", metavar="SHARE", help="Also every byte of a share, as in 5%.")
@click.option("--full", is_flag=True, help="Every byte; so it is without an option, too.")
@click.option("--seed", type=int, metavar="N", help="With --sample: read what this seed chooses.")
@click.option("--reindex", is_flag=True, help="First write every pack's index anew, from the pack.")
@global_options
@click.pass_context
def command(
    context: click.Context,
    *,
    quick: bool,
    sample: str | None,
    full: bool,
    seed: int | None,
    reindex: bool,
) -> int:
    """Check what the workspace holds; exit 13 when something is damaged.

    Chains and signatures of the journal, packs and objects by digest, that every object an
    entry names is there, and that the tables are what the journal says. `--sample 5%` reads
    those packs that were read longest ago, so that twenty of them read all.
    """
    from afield.cli.care_view import PARTLY, counts, tell_extent, tell_findings, tell_lost
    from afield.cli.member_view import tell_refusals
    from afield.vault.check import GONE
    from afield.workspace.access_review import refused_parts
    from afield.workspace.affected import affected

    session = session_of(context)
    extent = extent_of(quick=quick, sample=sample, full=full, seed=seed)
    workspace = session.workspace()
    if reindex:
        workspace.record.vault.reindex()
    found = _examine(session, extent)
    damaged = [finding for finding in found.findings if finding.damaged]
    lost = {bytes.fromhex(one.name) for one in found.findings if one.what == GONE}
    missing = affected(workspace, lost)
    if session.json:
        document = _document(str(workspace.path), found, extent, missing)
        emit_json({**document, "refused": refused_parts(workspace)})
        return Damaged.exit_code if damaged else PARTLY if lost else 0
    tell_findings(found.findings)
    tell_refusals(refused_parts(workspace))
    if lost:
        tell_lost(missing)
    tell_extent(found, extent)
    if damaged:
        raise Damaged(
            "the record is damaged", workspace.path, counts(damaged), hint="afield repair --dry-run"
        )
    name = plain(workspace.path)
    if lost:
        click.echo(f"{click.style('sound', fg='yellow')} but for what is lost: {name}")
        return PARTLY
    what = "every byte checked" if extent.kind == "full" else "nothing damaged was seen"
    click.echo(click.style("sound", fg="green") + f": {name}: {what}")
    return 0


def extent_of(*, quick: bool, sample: str | None, full: bool, seed: int | None) -> Extent:
    """Return what the options ask for.

    Raises:
        Usage: they contradict each other, or the share is none.
    """
    from afield.workspace.sampling import Extent

    if quick + full + (sample is not None) > 1:
        why = "each says how much to read"
        raise Usage("one of these at a time", "--quick, --sample, --full", why)
    if seed is not None and sample is None:
        raise Usage("no use for", "--seed", "it chooses a sample", hint="--sample 5% --seed 1")
    if quick:
        return Extent("quick", 0.0)
    if sample is None:
        return Extent("full")
    found = _SHARE.fullmatch(sample.strip())
    share = float(found[1]) / (100 if found[2] else 1) if found else 0.0
    if not 0 < share <= 1:
        why = "a share of the bytes, as in `5%` or `0.05`"
        raise Usage("not a share", sample, why, hint="afield verify --sample 5%")
    return Extent("sample", share, seed)


def _examine(session: Session, extent: Extent) -> Examined:
    """Check, showing how it goes."""
    from afield.cli.progress import Meter
    from afield.workspace.check import examine

    workspace = session.workspace()
    with Meter(session, "checking", noun="pack") as meter:
        return examine(
            workspace.record,
            workspace.projection,
            workspace.config.roots,
            extent,
            total=meter.expect,
            looked=meter,
        )


def _document(
    path: str, found: Examined, extent: Extent, missing: list[Affected]
) -> dict[str, Any]:
    from afield.cli.care_view import affected_parts, part

    coverage = found.coverage
    return {
        "schema": "afield.verify/1",
        "workspace": path,
        "sound": not any(finding.damaged for finding in found.findings),
        "extent": extent.kind,
        "seed": found.seed,
        "packs": found.packs,
        "packs_read": found.read,
        "read_bytes": found.read_bytes,
        "coverage": {
            "size_bytes": coverage.size_bytes,
            "read_bytes": coverage.read_bytes,
            "oldest_ms": coverage.oldest_ms,
            "samples_left": coverage.left if extent.kind == "sample" else None,
        },
        "findings": [part(finding) for finding in found.findings],
        "affected": affected_parts(missing),
    }
