"""Questions about members and devices, answered from the projection."""

from __future__ import annotations

from dataclasses import dataclass

from afield.kernel.ids import DeviceId, MemberId, ObjectId
from afield.projection import Projection


@dataclass(frozen=True, slots=True)
class Member:
    """A person or service. `profile` is an object of prose, None when never said or erased."""

    id: MemberId
    introduced_ms: int
    profile: ObjectId | None


@dataclass(frozen=True, slots=True)
class Device:
    """A member's machine; `public_key` is its raw Ed25519 key."""

    id: DeviceId
    member: MemberId
    public_key: bytes
    name: str | None
    introduced_ms: int


_MEMBERS = "SELECT id, introduced_ms, profile_object FROM members"
_DEVICES = "SELECT id, member, public_key, name, introduced_ms FROM devices"


def members(projection: Projection) -> list[Member]:
    """Return all members, in the order in which they were introduced."""
    rows = projection.query(f"{_MEMBERS} ORDER BY introduced_ms, id")
    return [Member(*row) for row in rows]


def member(projection: Projection, id_: MemberId) -> Member | None:
    """Return one member, or None."""
    rows = projection.query(f"{_MEMBERS} WHERE id = ?", (id_,))
    return Member(*rows[0]) if rows else None


def devices(projection: Projection, *, of: MemberId | None = None) -> list[Device]:
    """Return all devices, or those `of` one member, in the order of their introduction."""
    where, args = ("", ()) if of is None else (" WHERE member = ?", (of,))
    return [
        _device(row)
        for row in projection.query(f"{_DEVICES}{where} ORDER BY introduced_ms, id", args)
    ]


def device(projection: Projection, id_: DeviceId) -> Device | None:
    """Return one device, or None."""
    rows = projection.query(f"{_DEVICES} WHERE id = ?", (id_,))
    return _device(rows[0]) if rows else None


def _device(row: tuple[object, ...]) -> Device:
    id_, of, public_key, name, introduced_ms = row
    return Device(id_, of, bytes.fromhex(str(public_key)), name, introduced_ms)  # type: ignore[arg-type]
