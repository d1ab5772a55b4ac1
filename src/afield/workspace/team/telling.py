"""What waits for somebody, in words that any way to them can carry: lines of plain text."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from afield.workspace.team.digest import Digest
from afield.workspace.team.inbox import Letter
from afield.workspace.workspace import Workspace

When = Callable[[int], str]
"""Words an instant, in Unix milliseconds, by the reader's clock."""

ID_CHARS = 8
KINDS = {
    "asked": "asks you",
    "answered": "answered you",
    "blocker": "is yours to clear",
    "review": "waits for your review",
    "decision": "waits for your comment",
    "handover": "hands over to you",
    "question": "asks before taking over",
    "declined": "declined",
    "accepted": "took over",
    "replied": "replied",
    "read": "wrote what you are to read",
    "meeting": "asks you to meet",
    "mention": "calls you",
    "comment": "said",
}
"""What somebody does who stands in an inbox, behind their name."""

_SAID = ("state", "next", "decided", "stuck")


def letter_head(workspace: Workspace, one: Letter, when: When) -> str:
    """Say who wants what, and by when."""
    who = workspace.name_of(one.member)
    due = f", due {when(one.due_ms)}" if one.due_ms is not None else ""
    if one.kind == "blocker":
        return f"a blocker of {who} {KINDS[one.kind]}{due}"
    if one.kind == "firing":
        return f"a contingency of {who}'s handover is true now"
    return f"{who} {KINDS[one.kind]}{due or f', {when(one.at_ms)}'}"


def letter_text(workspace: Workspace, one: Letter, when: When) -> str:
    """Tell one thing in the inbox: who, what it is called, where it stands, what was said."""
    sort, _, item = one.link.partition(":")
    lines = [letter_head(workspace, one, when), f"  {one.title}  ({sort} {item[:ID_CHARS]})"]
    return "\n".join([*lines, f"  {one.text}"] if one.text else lines)


def digest_text(workspace: Workspace, found: Digest, when: When) -> str:
    """Tell a day's digest: what needs the reader, then what the others said of their day."""
    return "\n\n".join(_digest_parts(workspace, found, when))


def _digest_parts(workspace: Workspace, found: Digest, when: When) -> Iterator[str]:
    if found.needs:
        yield "needs you"
    for letter in found.needs:
        yield letter_text(workspace, letter, when)
    for part in found.standups:
        said = [f"{name}: {part[name]}" for name in _SAID if part[name]]
        if part["unchanged"]:
            said.insert(0, "nothing changed")
        yield "\n".join([f"{part['by']}, {part['day']}", *said])
    if found.silent:
        names = ", ".join(workspace.name_of(one.member) for one in found.silent)
        yield f"no word from {names}"
