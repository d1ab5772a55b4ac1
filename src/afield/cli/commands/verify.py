"""`afield verify`: check every chain, seal, pack and reference; name what is damaged."""

from __future__ import annotations

from collections import Counter

import click

from afield.cli import words
from afield.cli.output import emit_json, plain
from afield.cli.session import global_options, session_of
from afield.kernel.errors import Damaged

SHOWN_MAX = 50


@click.command("verify")
@click.option("--reindex", is_flag=True, help="First write every pack's index anew, from the pack.")
@global_options
@click.pass_context
def command(context: click.Context, *, reindex: bool) -> int:
    """Check every byte that the workspace holds; exit 13 when something is damaged.

    Chains and signatures of the journal, packs and objects by digest, that every object an
    entry names is there, and that the tables are what the journal says.
    """
    session = session_of(context)
    workspace = session.workspace()
    if reindex:
        workspace.record.vault.reindex()
    findings = workspace.verify()
    damaged = [finding for finding in findings if finding.damaged]
    odd = [finding for finding in findings if not finding.damaged]
    if session.json:
        emit_json(
            {
                "schema": "afield.verify/1",
                "workspace": str(workspace.path),
                "sound": not damaged,
                "findings": [
                    {"what": f.what, "name": f.name, "why": f.why, "damaged": f.damaged}
                    for f in findings
                ],
            }
        )
        return Damaged.exit_code if damaged else 0
    phantoms = [finding for finding in odd if finding.what == "phantom"]
    odd = [finding for finding in odd if finding.what != "phantom"]
    for finding in [*damaged, *odd][:SHOWN_MAX]:
        mark = click.style("damaged", fg="red", bold=True) if finding.damaged else "note"
        click.echo(f"{mark}: {finding.what} {plain(finding.name)}: {plain(finding.why)}")
    if phantoms:
        count = words.count(len(phantoms), "object")
        click.echo(f"note: {count} not here but at a remote: afield fetch RUN, or afield sync")
    if len(damaged) + len(odd) > SHOWN_MAX:
        more = len(damaged) + len(odd) - SHOWN_MAX
        click.echo(f"… and {more} more; `afield verify --json` has all")
    if damaged:
        kinds = Counter(finding.what for finding in damaged)
        counts = ", ".join(words.count(n, kind) for kind, n in kinds.most_common())
        raise Damaged(
            "the record is damaged",
            workspace.path,
            counts,
            hint="keep a copy of the folder before anything else; nothing damaged is ever served",
        )
    click.echo(click.style("sound", fg="green") + f": {plain(workspace.path)}: every byte checked")
    return 0
