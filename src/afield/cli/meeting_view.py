"""Meetings, and times to meet, as people read them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from afield.cli.output import plain
from afield.cli.when import when
from afield.cli.words import duration

_ID_CHARS = 8
_COSTS = {True: "asleep", False: "outside their hours"}


def meeting_row(part: dict[str, Any], now: datetime) -> str:
    """Return a meeting as one line."""
    return plain(
        f"{part['id'][:_ID_CHARS]}  {part['state']}  {when(part['from'], now)}  {part['title']}"
    )


def meeting_lines(part: dict[str, Any], now: datetime) -> Iterator[str]:
    """Yield the lines of a meeting."""
    yield meeting_row(part, now)
    took = duration((part["until"] - part["from"]) / 1000)
    yield f"  {took}, called by {plain(part['by'])}"
    for one in part["people"]:
        start, end = (datetime.fromisoformat(text) for text in one["local"])
        note = "" if one["presence"] == "working" else f", {one['presence']}"
        there = ", was there" if one["came"] else ", is to read it" if one["to_read"] else ""
        local = f"{start:%a %H:%M} to {end:%H:%M} in {one['zone']}"
        yield plain(f"  {one['name']}: {local}{note}{there}")
    for name in ("agenda", "notes"):
        lines = (part[name] or "").splitlines()
        if lines:
            yield f"  {name}"
            yield from (plain(f"    {line}") for line in lines)
    for link in part["raised"]:
        sort, _, id_ = link.partition(":")
        yield plain(f"  {part['labels'][link]}   (afield {sort} show {id_[:_ID_CHARS]})")


def overlap_lines(part: dict[str, Any], now: datetime) -> Iterator[str]:
    """Yield the lines about when people can meet."""
    for slot in part["slots"]:
        yield when(slot["start_ms"], now)
        for cost in slot["costs"]:
            local = datetime.fromisoformat(cost["local"])
            worst = max(cost["asleep"], cost["outside"])
            note = f"  {worst} min {_COSTS[bool(cost['asleep'])]}" if worst else ""
            busy = f"  busy for {cost['busy']} min of it" if cost["busy"] else ""
            yield plain(f"    {local:%a %H:%M}  {cost['name']}{note}{busy}")
    if not part["slots"]:
        yield "no time is long enough"
    yield from _clocks(part, now)
    for one in part["members"]:
        if one["carried"]:
            yield plain(f"carried: {one['name']}: {one['carried']} min by meetings of 90 days")
    yield _covered(part)


def coverage_lines(part: dict[str, Any], now: datetime) -> Iterator[str]:
    """Yield the lines about when somebody is at work, and when nobody is."""
    names = {"covered": "at work", "gaps": "nobody "}
    found = [(one, label) for key, label in names.items() for one in part[key]]
    for one, label in sorted(found, key=lambda each: each[0]["start_ms"]):
        took = duration((one["end_ms"] - one["start_ms"]) / 1000)
        yield f"{label}  from {when(one['start_ms'], now)} for {took}"
    yield from _clocks(part, now)
    yield _covered(part)


def _clocks(part: dict[str, Any], now: datetime) -> Iterator[str]:
    for one in part["members"]:
        for change in one["clock_changes"]:
            hours = f"{change['minutes']:+d} min"
            yield plain(f"clock: {one['name']}'s goes {hours}, {when(change['at_ms'], now)}")


def _covered(part: dict[str, Any]) -> str:
    whole = part["end_ms"] - part["start_ms"]
    share = sum(one["end_ms"] - one["start_ms"] for one in part["covered"]) / whole
    longest = max((one["end_ms"] - one["start_ms"] for one in part["gaps"]), default=0)
    if not longest:
        return "somebody is at work all the time"
    gap = duration(longest / 1000)
    return f"somebody is at work {share:.0%} of the time; the longest gap is {gap}"
