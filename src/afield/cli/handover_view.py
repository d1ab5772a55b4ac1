"""Handovers as people read them: what needs care first, then what is stable."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from afield.cli.output import plain
from afield.cli.when import when
from afield.cli.words import count

if TYPE_CHECKING:
    from afield.workspace.team.drafting import Suggested

_ID_CHARS = 8
_DID = {"surprised": "was surprised"}
_STAGES = {
    "receiver": "waits for",
    "backup": "was not accepted in time; waits for",
    "anyone": "was not accepted in time; waits for any of",
}


def handover_row(part: dict[str, Any]) -> str:
    """Return a handover as one line."""
    care = [one for one in part["lines"] if one["severity"] != "stable"]
    many = f"  {count(len(part['lines']), 'line')}" if part["lines"] else ""
    many += f", {len(care)} to look after" if care else ""
    return plain(f"{part['id'][:_ID_CHARS]}  {part['state']}  {part['title']}{many}")


def handover_lines(part: dict[str, Any], now: datetime) -> Iterator[str]:
    """Yield the lines of a handover."""
    yield handover_row(part)
    names, id_ = part["names"], part["id"][:_ID_CHARS]
    backup = f"; backup {names[part['backup']]}" if part["backup"] else ""
    yield plain(f"  from {part['by']} to {names.get(part['to'], 'nobody')}{backup}")
    if part["waits_for"]:
        waits = ", ".join(names[one] for one in part["waits_for"])
        yield plain(f"  {_STAGES[part['stage']]} {waits}; due {when(part['due'], now)}")
    for name, label in (
        ("summary", ""),
        ("safe_state", "safe state: "),
        ("rollback", "rollback: "),
        ("despite", "not ready, all the same: "),
    ):
        for line in (part[name] or "").splitlines():
            yield plain(f"  {label}{line}")
    for one in part["lines"]:
        yield from _line(one, part)
    yield from _said(part, now)
    if part["contested"]:
        numbers = ", ".join(map(str, part["contested"]))
        yield f"  lines {numbers}: accepted by several who did not know of one another;"
        yield "    the last acceptance holds"
    if part["state"] not in ("declined", "withdrawn"):
        yield from _checks(part)
    if part["measures"] and part["state"] not in ("offered", "questioned"):
        yield _measures(part["measures"])
    if part["state"] == "draft" and not any(one["missing"] for one in part["lines"]):
        is_ready = part["despite"] or all(one["good"] for one in part["readiness"])
        yield f"  hint: afield handover offer {id_}" + ("" if is_ready else ' --despite "…"')


def care(severity: str, topic: str) -> str:
    """Say how much a line has to be looked after; unstable with its condition met, it fires."""
    return "firing" if (severity, topic) == ("unstable", "firing") else severity


def draft_lines(found: Sequence[Suggested], labels: dict[str, str]) -> Iterator[str]:
    """Yield the lines of what somebody would hand over now."""
    for one in found:
        about = f"{labels[one.about]}: " if one.about and is_apart(one.about) else ""
        yield plain(f"  {care(one.severity, one.topic):8}  {about}{one.facts}")


def _line(one: dict[str, Any], part: dict[str, Any]) -> Iterator[str]:
    names = part["names"]
    about = f"{part['labels'][one['about']]}: " if is_apart(one["about"]) else ""
    how = care(one["severity"], one["topic"])
    state = "" if one["state"] == "waiting" else f"  [{one['state']}"
    state += f" by {names[one['by']]}]" if state and one["by"] else ""
    yield plain(f"{one['number']:>3}  {how:8}  {about}{one['facts'] or ''}{state}")
    pad = " " * 15
    if one["assessment"]:
        yield plain(f"{pad}{one['assessment']}")
    conditions = [each for each in (one["condition"], one["when"]) if each]
    if conditions or one["then"]:
        call = f", else call {one['call_name']}" if one["call"] else ""
        watched = " (looked after)" if one["when"] else ""
        yield plain(
            f"{pad}if {' or '.join(conditions) or '…'}{watched}: {one['then'] or '…'}{call}"
        )
    if one["missing"] and part["state"] == "draft":
        id_ = part["id"][:_ID_CHARS]
        options = " ".join(f"--{name} …" for name in one["missing"])
        yield f"{pad}hint: afield handover fill {id_} {one['number']} {options}"


def is_apart(about: str | None) -> bool:
    """Tell whether facts do not say themselves what they are about."""
    return about is not None and about.partition(":")[0] in ("run", "data", "model")


def _said(part: dict[str, Any], now: datetime) -> Iterator[str]:
    numbers = {one["place"]: one["number"] for one in part["lines"]}
    for move in part["moves"]:
        text = move.get("synthesis") or move.get("text")
        if text and move["move"] != "lined":
            did = _DID.get(move["move"], move["move"])
            some = [numbers[place] for place in move.get("lines", ()) if place in numbers]
            which = ", ".join(map(str, some)) if 0 < len(some) < len(numbers) else ""
            which = f" line{'s' if len(some) > 1 else ''} {which}" if which else ""
            yield plain(f"  {move['by']} {did}{which}, {when(move['at_ms'], now)}:")
            yield from (f"    {plain(line)}" for line in text.splitlines())


def _checks(part: dict[str, Any]) -> Iterator[str]:
    for one in part["readiness"]:
        sign = "ok" if one["good"] else "no"
        name = f"{one['name']} {one['about']}".strip()
        hint = one["hint"].replace(" ID ", f" {part['id'][:_ID_CHARS]} ")
        yield plain(f"  {sign}  {name}: {one['why']}")
        if not one["good"]:
            yield f"      hint: {hint}"


def _measures(found: dict[str, Any]) -> str:
    from afield.workspace.team.drafting import span

    took = found["accept_minutes"]
    parts = ["nobody accepted it" if took is None else f"accepted after {span(took * 60)} of work"]
    if found["needing"]:
        many = count(found["needing"], "line says", "lines say")
        parts.append(f"{found['with_contingency']} of {many} what to do if")
    many = found["surprises"]
    parts.append(f"{many or 'no'} surprise{'' if many == 1 else 's'} within two hours")
    return f"  {'; '.join(parts)}"
