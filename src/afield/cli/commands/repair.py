"""`afield repair`: put right what `verify` finds, from wherever a sound copy is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from afield.cli.output import emit_json, plain
from afield.cli.session import global_options, session_of
from afield.kernel.errors import Damaged

if TYPE_CHECKING:
    from afield.kernel.findings import Finding
    from afield.workspace.affected import Affected
    from afield.workspace.repair import Repair


@click.command("repair")
@click.option("--dry-run", is_flag=True, help="Say what would be done, and change nothing.")
@click.option(
    "--from",
    "place",
    metavar="PLACE",
    help="Look only here: a remote, a bundle, another copy, a folder of files.",
)
@global_options
@click.pass_context
def command(context: click.Context, *, dry_run: bool, place: str | None) -> int:
    """Mend what is damaged: journal, packs, indexes and objects.

    Sound copies come from the remotes, from the project's own files, or from PLACE. Damaged
    files are laid aside in .afield/quarantine, never deleted. What no place has is named as
    lost; everything but its content works. Exit 3 when something is lost, 13 when damage remains.
    """
    from afield.cli.care_view import PARTLY, counts, tell_findings, tell_lost, tell_repair
    from afield.cli.commands.sync import pace_of
    from afield.cli.progress import Meter
    from afield.vault.check import GONE
    from afield.workspace.affected import affected
    from afield.workspace.check import examine
    from afield.workspace.quarantine import Quarantine
    from afield.workspace.repair import Repairer
    from afield.workspace.replicas import source_at
    from afield.workspace.sampling import Extent

    session = session_of(context)
    workspace = session.workspace()
    record = workspace.record
    quarantine = Quarantine(record.workspace, record.files)
    with (
        source_at(workspace, quarantine, pace_of(None), place) as sources,
        Meter(session, "looking for damage", noun="pack") as meter,
    ):
        repairer = Repairer(workspace, sources, quarantine, dry=dry_run, progress=meter)
        meter.expect(*repairer.size())
        found = repairer.run()
        meter.turn_to("checking again")
        config = workspace.config
        extent = Extent("quick", 0.0)  # what was mended has been verified as it was written
        after = examine(record, workspace.projection, config.roots, extent).findings
    damaged = [finding for finding in after if finding.damaged]
    missing = affected(workspace, found.broken)
    mends = dry_run and bool(found.changes)
    code = Damaged.exit_code if damaged or mends else PARTLY if found.lost else 0
    if session.json:
        emit_json(_document(str(workspace.path), found, after, missing, dry=dry_run))
        return code
    tell_repair(found, dry=dry_run)
    if not mends:
        tell_findings([one for one in after if one.what != GONE])
    if found.lost and not mends:
        tell_lost(missing)
    if damaged and not dry_run:
        raise Damaged(
            "damage remains",
            workspace.path,
            counts(damaged),
            hint="afield repair --from PLACE, where somebody has a copy",
        )
    if not code:
        what = "sound again" if found.changes else "sound"
        click.echo(f"{click.style(what, fg='green')}: {plain(workspace.path)}")
    return code


def _document(
    path: str, found: Repair, after: list[Finding], missing: list[Affected], *, dry: bool
) -> dict[str, Any]:
    from afield.cli.care_view import affected_parts, part

    return {
        "schema": "afield.repair/1",
        "workspace": path,
        "dry_run": dry,
        "sound": not any(finding.damaged for finding in after),
        "changes": [
            {"what": one.what, "name": one.name, "how": one.how, "from": one.source or None}
            for one in found.changes
        ],
        "entries": found.entries,
        "entries_missing": found.entries_missing,
        "objects": len(found.objects),
        "lost": sorted(digest.hex() for digest in found.lost),
        "affected": affected_parts(missing),
        "aside": found.aside,
        "unreachable": [{"name": name, "why": why} for name, why in found.unreachable.items()],
        "findings": [part(finding) for finding in after],
    }
