"""`afield clone`: a copy of a workspace from a remote."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import click

from afield.cli.session import global_options, session_of


@click.command("clone")
@click.argument("url")
@click.argument("folder", type=click.Path(file_okay=False), metavar="DIR")
@click.option("--limit", metavar="RATE", help="Bytes a second over the link, as in 500k.")
@click.option(
    "--data",
    type=click.Choice(["all", "recent", "none"]),
    default="all",
    help="Which bytes of files come: all, of the last 30 days, or the record alone.",
)
@global_options
@click.pass_context
def command(context: click.Context, *, url: str, folder: str, limit: str | None, data: Any) -> int:
    """Make a copy of the workspace at URL in DIR; repeated, it goes on where it stopped.

    URL may be a file that `afield bundle --since start` made.

    This machine gets a device of its own. What you record counts for you at once, and for the
    others when one of them has confirmed the device: `afield join`.
    """
    from afield.cli.bundle_record import clone_file
    from afield.cli.commands.sync import PARTLY, pace_of, run
    from afield.cli.joining import tell_joined
    from afield.workspace.person import person_here
    from afield.workspace.sync import Wishes, clone

    session = session_of(context)
    pace = pace_of(limit)
    home = os.fspath(Path.home())
    target = os.fspath(Path(folder).expanduser().absolute())
    if url.endswith(".afield"):
        address = os.fspath(Path(url).expanduser().absolute())
        workspace, report, gaps = clone_file(session, address, target, pace)
        name, whole = Path(address).name, not gaps
    else:
        workspace, remote = clone(
            url, target, person=lambda: person_here(session.environ, home), clock=session.clock
        )
        session.cleanup.callback(workspace.close)
        report, whole = run(session, workspace, remote, pace, Wishes(data=data))
        name, address, gaps = remote.name, remote.url, []
    tell_joined(session, workspace, (name, address), report, whole=whole, gaps=gaps)
    return PARTLY if not whole or report.faults or report.lacks else 0
