"""`afield remote add`: name a place where copies of the workspace meet."""

from __future__ import annotations

from collections.abc import Collection

import click

from afield.cli.output import emit_json, plain
from afield.cli.session import global_options, session_of


@click.command("add")
@click.argument("name")
@click.argument("url", metavar="URL")
@click.option(
    "--label",
    "labels",
    multiple=True,
    metavar="PLACE",
    help="Where its bytes lie, as in eu or de: datasets with a residency go to no other.",
)
@global_options
@click.pass_context
def command(context: click.Context, name: str, url: str, labels: tuple[str, ...]) -> None:
    """Call the folder or bucket URL by NAME. It is tried, and filled by the first `afield sync`."""
    from afield.workspace.remotes import add_remote, open_remote, remotes

    session = session_of(context)
    workspace = session.workspace()
    open_remote(url).probe()
    before = remotes(workspace).get(name)
    remote = add_remote(workspace, name, url, labels)
    if session.json:
        body = {"name": remote.name, "url": remote.url, "labels": sorted(remote.labels)}
        emit_json({"schema": "afield.remote/1", **body})
        return
    click.echo(f"remote {remote.name}: {plain(remote.url)}{_labelled(remote.labels)}")
    if before is not None and (before.url, before.labels) != (remote.url, remote.labels):
        click.echo(f"it was: {plain(before.url)}{_labelled(before.labels)}")
    click.echo(f"next: afield sync {remote.name}")


def _labelled(labels: Collection[str]) -> str:
    return f", in {', '.join(sorted(labels))}" if labels else ""
