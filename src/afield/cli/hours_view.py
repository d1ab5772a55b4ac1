"""Hours of members, in words for people."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import click

from afield.cli.output import plain
from afield.cli.when import when

_PRESENCE = {"working": "working", "waking": "awake, not working", "asleep": "asleep"}
_PARTS = (("zones", "zone"), ("hours", "hours"), ("focus_hours", "focus"), ("holidays", "holidays"))


def day_of(words: str | None) -> date:
    """Return a day as `2026-12-24` spells it; None is the first there is.

    Raises:
        UsageError: it is no day.
    """
    if words is None:
        return date.min
    try:
        return date.fromisoformat(words)
    except ValueError as error:
        raise click.UsageError(f"not a day: `{words}`: write it as 2026-12-24") from error


def tell_hours(part: dict[str, Any]) -> None:
    """Show when a member works, and what they said of it."""
    click.echo(plain(f"{part['name']}  {_now(part)}"))
    if part["assumed"]:
        where = part["zone"] if part["zones"] else "UTC"
        usual = f"office hours are assumed: Monday to Friday, 09:00 to 17:00, {where}"
        click.echo(plain(f"  {'the zone is assumed: UTC' if part['hours'] else usual}"))
        hints = [] if part["hours"] else ['afield hours set "Mon-Fri 09:00-17:30"']
        hints += [] if part["zones"] else ["afield hours zone Europe/Berlin"]
        click.echo("\n      ".join(("hint: " + hints[0], *hints[1:])), err=True)
    for name, label in _PARTS:
        for one in part[name]:
            value = one["value"]
            words = value if isinstance(value, str) else "; ".join(value)
            since = f" from {one['from']}" if one["from"] else ""
            click.echo(plain(f"  {label}{since}: {words or 'none'}"))
    if part["standup"] is not None:
        click.echo(plain(f"  stand-up: {part['standup']}"))
    for one in part["leave"]:
        note = f": {one['note']}" if one["note"] else ""
        click.echo(plain(f"  leave {one['first']} to {one['last']} ({one['id']}){note}"))


def tell_team(parts: Sequence[dict[str, Any]]) -> None:
    """List members with their local time."""
    width = max((len(one["name"]) for one in parts), default=0)
    for one in parts:
        assumed = "  (assumed)" if one["assumed"] else ""
        click.echo(plain(f"{one['name']:<{width}}  {_now(one)}{assumed}"))


def _now(part: dict[str, Any]) -> str:
    local = part["local"]
    here = f"{local:%a} {local.hour}:{local:%M} in {part['zone']}"
    focus = ", busy" if part["busy"] else ", not to be disturbed" if part["focus"] else ""
    away = ", away today" if part["away"] else ""
    next_ms = part["next_working_ms"]
    ahead = ""
    if part["presence"] == "working":
        ahead = f" until {when(part['until_ms'], local, local.tzinfo)}"
    elif next_ms is not None:
        ahead = f", works {when(next_ms, local, local.tzinfo)}"
    return f"{here}: {_PRESENCE[part['presence']]}{focus}{away}{ahead}"
