"""What devices claim about devices and members, whether or not it counts: the input of `authority`.

One table of every such entry that is here, folded before anything is judged: so who may what
is worked out from the set of entries alone, not from what an earlier verdict let through.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, NamedTuple

from afield.journal.entry import Entry
from afield.kernel.digest import digest
from afield.kernel.ids import DeviceId, MemberId
from afield.members.events import (
    DEVICE_CONFIRMED,
    DEVICE_INTRODUCED,
    DEVICE_REMOVED,
    MEMBER_GRANTED,
    MEMBER_REVOKED,
)
from afield.members.roles import Role
from afield.projection import Add, Column, Projection, Table

DEVICE_ID_CHARS = 32
KINDS = frozenset(
    {DEVICE_INTRODUCED, DEVICE_CONFIRMED, DEVICE_REMOVED, MEMBER_GRANTED, MEMBER_REVOKED}
)
_PROJECT_CHARS_MAX = 200

CLAIMS = Table(
    "claims",
    key=(Column("device", "text"), Column("seq", "integer"), Column("digest", "text")),
    groups={
        "once": (
            Column("at", "integer"),
            Column("by", "text"),
            Column("kind", "text"),
            Column("about", "text"),
            Column("body", "text"),
        ),
    },
)
_ALL = 'SELECT "at", device, seq, digest, "by", kind, about, body FROM claims'


class Claim(NamedTuple):
    """One such entry. Claims compare as their entries' stamps do."""

    at: int
    device: DeviceId
    seq: int
    digest: str
    by: MemberId
    kind: str
    about: str
    body: dict[str, Any]

    @property
    def order(self) -> tuple[int, str, int, str]:
        """Where it stands among all claims."""
        return self[:4]


class Introduction(NamedTuple):
    """Whose a device is said to be; `hub`: it writes for others, too."""

    device: DeviceId
    member: MemberId
    hub: bool


class RoleSaid(NamedTuple):
    """A role that is given or taken; `heads`: how far the member's logs were known then."""

    project: str
    role: Role
    heads: dict[str, int]


def fold_claim(entry: Entry) -> Iterator[Add]:
    """Fold an entry as what it claims."""
    body = json.dumps(entry.body, separators=(",", ":"), sort_keys=True)
    key = (entry.device, entry.seq, entry.digest)
    yield Add("claims", (*key, entry.at, entry.by, entry.kind, entry.about, body))


def claims(projection: Projection) -> list[Claim]:
    """Return all claims, in the order of their stamps."""

    def decode(rows: list[tuple[Any, ...]]) -> list[Claim]:
        return [Claim._make((*row[:7], json.loads(row[7]))) for row in rows]

    return sorted(projection.read(_ALL, (), decode), key=lambda claim: claim.order)


def size(projection: Projection) -> int:
    """Return how many claims there are: another number means that there are others."""
    return int(projection.query("SELECT COUNT(*) FROM claims")[0][0])


def introduction(about: str, body: dict[str, Any]) -> Introduction | None:
    """Return whose a device is by an introduction or confirmation; None: it says no such thing.

    The key must be the device's own: its id is the key's digest.
    """
    member, public_key = body.get("member"), body.get("public_key")
    if not isinstance(member, str) or not isinstance(public_key, str):
        return None
    try:
        key = bytes.fromhex(public_key)
    except ValueError:
        return None
    if digest(key)[:DEVICE_ID_CHARS] != about:
        return None
    return Introduction(DeviceId(about), MemberId(member), body.get("hub") is True)


def role_said(body: dict[str, Any]) -> RoleSaid | None:
    """Return the role that an entry gives or takes; None: it says no such thing."""
    project, role, heads = body.get("project"), body.get("role"), body.get("heads")
    if not isinstance(project, str) or not 0 < len(project) <= _PROJECT_CHARS_MAX:
        return None
    if not isinstance(role, str) or role not in {each.value for each in Role}:
        return None
    if not isinstance(heads, dict) or not all(type(last) is int for last in heads.values()):
        return None
    return RoleSaid(project, Role(role), heads)


def heads_said(body: dict[str, Any]) -> list[tuple[int, str]]:
    """Return what a removal says was known of a device; empty for what cannot be read."""
    try:
        return [(int(seq), str(found)) for seq, found in body["heads"]]
    except (KeyError, TypeError, ValueError):
        return []
