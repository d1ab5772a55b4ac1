"""Members, their roles and what they may, in words for people."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click

from afield.cli import words
from afield.cli.output import plain

_SOURCES = {
    "founder": "the founder",
    "ungranted": "confirmed, nothing was granted",
    "granted": "",
    "none": "",
}


def roles_in_words(roles: dict[str, Sequence[str]]) -> str:
    """Say roles: `admin; in p: developer, reviewer`."""
    said = [
        ", ".join(held) if project == "*" else f"in {plain(project)}: {', '.join(held)}"
        for project, held in sorted(roles.items())
    ]
    return "; ".join(said) or "no role"


def tell_members(found: Sequence[dict[str, Any]]) -> None:
    """List members, a line each."""
    for one in found:
        how = _SOURCES.get(one["source"], "")
        devices = [each for each in one["devices"] if not each["removed"]]
        counted = words.count(len(devices), "device") if devices else "no device"
        said = f"{plain(one['name'])} ({one['member'][:8]})  {roles_in_words(one['roles'])}"
        click.echo(f"{said}{f' ({how})' if how else ''}  {counted}")


def tell_left(found: dict[str, Any]) -> None:
    """Say what came of a member's leaving."""
    name = plain(found["name"])
    click.echo(f"{name} has left: what they write from now on does not count")
    click.echo(f"could read: {roles_in_words(found['could_read'])}")
    if found["copies"]:
        counted = words.count(len(found["copies"]), "device")
        runs, datasets = (
            words.count(found["runs"], "run"), words.count(found["datasets"], "dataset"),
        )  # fmt: skip
        click.echo(f"keeps copies on {counted}, of up to {runs} and {datasets}:")
        for copy in found["copies"]:
            click.echo(f"  device {copy['device'][:8]}, last heard of at entry {copy['last']}")
    if "sessions" in found:
        sessions = words.count(found["sessions"], "session")
        click.echo(f"ended: {sessions}, {words.count(found['tokens'], 'token')}")
    click.echo("change what they knew: keys of buckets, passwords of services")


def tell_review(found: dict[str, Any]) -> None:
    """Say who can do what, what was changed, and what was refused."""
    if not found["ruled"]:
        click.echo("no role was ever granted: whoever is confirmed may write anything")
    tell_members(found["members"])
    for change in found["changes"]:
        verb = "granted" if change["granted"] else "revoked"
        where = "" if change["project"] == "*" else f" in {plain(change['project'])}"
        said = f"{verb}: {change['role']}{where}, {plain(change['name'])}"
        click.echo(f"{said}, by {plain(change['by_name'])}, {str(change['at'])[:16]}")
    tell_refusals(found["refused"])
    for one in found.get("accounts", ()):
        factor = "a second factor" if one["second_factor"] or one["passkeys"] else "a password only"
        state = "ended" if one["ended_ms"] else factor
        sessions = words.count(one["sessions"], "session")
        click.echo(f"account: {plain(one['username'])}: {state}, {sessions}")
    for one in found.get("tokens", ()):
        what = "everything" if one["actions"] is None else ", ".join(one["actions"])
        where = f" in {plain(one['project'])}" if one["project"] else ""
        used = "used" if one["used_ms"] else "never used"
        click.echo(f"token: {plain(one['name'])} ({one['id'][:8]}): {what}{where}, {used}")


def tell_refusals(found: Sequence[dict[str, Any]]) -> None:
    """Say which entries were not applied since their authors had no right to write them."""
    for one in found:
        counted = words.count(one["entries"], "entry")
        said = f"not applied: {counted} `{one['kind']}` by {plain(one['name'])}: {one['why']}"
        click.secho(said, fg="yellow", err=True)
    if found:
        click.echo("hint: afield access review", err=True)
