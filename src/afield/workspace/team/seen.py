"""What a person has read: kept in this copy alone, told to nobody, free to be lost."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable

import msgspec

from afield.teamwork.query import Item, Moved
from afield.workspace import layout
from afield.workspace.membership import members
from afield.workspace.workspace import Workspace

_NAME = "read.json"
_KEYS_MAX = 20_000


class Seen(msgspec.Struct):
    """What one member has read.

    Attributes:
        keys: of things in the inbox, the newest last.
        looked_ms: when they last had a brief, in Unix milliseconds.
        held: by device, the time of its last entry that was here then; None: not known.
    """

    keys: list[str] = []
    looked_ms: int | None = None
    held: dict[str, int] | None = None


def key_of(kind: str, link: str, place: str | None = None) -> str:
    """Return what a thing in the inbox is read by: what was said at a place of an item, or all."""
    return f"{kind} {link}" if place is None else f"{kind} {link} {place}"


def comment_key(item: Item, said: Moved, member: str) -> str:
    """Return what a comment is read by: where it stands and in the inbox, it is the same."""
    kind = "mention" if member in said.values.get("mentions", ()) else "comment"
    return key_of(kind, item.link, said.place_text)


def seen_by(workspace: Workspace, member: str) -> Seen:
    """Return what a member has read here."""
    return _all(workspace).get(member, Seen())


def mark_read(workspace: Workspace, member: str, keys: Iterable[str]) -> None:
    """Remember what a member has read."""
    found = _all(workspace)
    mine = found.setdefault(member, Seen())
    mine.keys = list(dict.fromkeys([*mine.keys, *keys]))[-_KEYS_MAX:]
    _keep(workspace, found)


def looked_ms(workspace: Workspace, member: str) -> int | None:
    """Return when a member last had a brief here, in Unix milliseconds."""
    return seen_by(workspace, member).looked_ms


def mark_looked(workspace: Workspace, member: str, at_ms: int) -> None:
    """Remember when a member had a brief, and up to where the others' work was here then."""
    found = _all(workspace)
    mine = found.setdefault(member, Seen())
    mine.looked_ms = at_ms
    mine.held = {
        device.id: device.last_ms
        for one in members(workspace)
        for device in one.devices
        if device.last_ms is not None
    }
    _keep(workspace, found)


def held_then(workspace: Workspace, member: str) -> dict[str, int] | None:
    """Return by device the time of its last entry that was here at the last look; None: unknown."""
    return seen_by(workspace, member).held


def _path(workspace: Workspace) -> str:
    return f"{workspace.record.workspace}/{layout.CACHE}/{_NAME}"


def _all(workspace: Workspace) -> dict[str, Seen]:
    try:
        data = workspace.record.files.read(_path(workspace))
        return msgspec.json.decode(data, type=dict[str, Seen])
    except (OSError, msgspec.MsgspecError):
        return {}


def _keep(workspace: Workspace, found: dict[str, Seen]) -> None:
    files = workspace.record.files
    with contextlib.suppress(OSError):  # a workspace that cannot be written is read all the same
        files.make_folder(f"{workspace.record.workspace}/{layout.CACHE}")
        files.write_new(_path(workspace), msgspec.json.encode(found))
