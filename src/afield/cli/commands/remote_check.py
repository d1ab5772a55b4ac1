"""`afield remote check`: read and verify all that a remote holds, and write again what is bad."""

from __future__ import annotations

import click

from afield.cli import words
from afield.cli.output import emit_json, plain
from afield.cli.session import global_options, session_of

SHOWN_MAX = 50


@click.command("check")
@click.argument("name")
@click.option("--mend", is_flag=True, help="Write again what is damaged or missing and whole here.")
@click.option("--limit", metavar="RATE", help="Bytes a second over the link, as in 500k.")
@global_options
@click.pass_context
def command(context: click.Context, *, name: str, mend: bool, limit: str | None) -> int:
    """Read every file of the remote NAME and verify it; exit 13 when something is damaged."""
    from afield.cli.commands.sync import pace_of, run
    from afield.kernel.errors import Damaged
    from afield.sync.check import RemoteCheck
    from afield.workspace.remotes import find_remote, open_remote
    from afield.workspace.sync import Wishes

    session = session_of(context)
    workspace = session.workspace()
    remote = find_remote(workspace, name)
    store = open_remote(remote.url)
    store.probe()
    pace = pace_of(limit)
    check = RemoteCheck(store, workspace.config.workspace, pace)
    findings = list(check.findings())
    if mend:
        bad = frozenset(finding.name for finding in findings)
        run(session, workspace, remote, pace, Wishes(anew=True, bad=bad))
        check = RemoteCheck(store, workspace.config.workspace, pace)
        findings = list(check.findings())
    code = Damaged.exit_code if findings else 0
    if session.json:
        emit_json(
            {
                "schema": "afield.remote-check/1",
                "name": remote.name,
                "sound": not findings,
                "files": check.files,
                "bytes": check.size_bytes,
                "findings": [
                    {"what": each.what, "name": each.name, "why": each.why} for each in findings
                ],
            }
        )
        return code
    for each in findings[:SHOWN_MAX]:
        mark = click.style("damaged", fg="red", bold=True)
        click.echo(f"{mark}: {each.what} {plain(each.name)}: {plain(each.why)}")
    read = f"{words.count(check.files, 'file')}, {words.size(check.size_bytes)}"
    if findings:
        why = f"{len(findings)} of {read}"
        hint = None if mend else f"afield remote check {name} --mend"
        raise Damaged("the remote is damaged", remote.name, why, hint=hint)
    click.echo(click.style("sound", fg="green") + f": {remote.name}: {read} read and verified")
    return code
