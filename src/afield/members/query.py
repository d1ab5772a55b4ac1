"""Questions about members and devices, answered from the projection."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from afield.journal import Entry
from afield.journal.seals import public_key
from afield.kernel.ids import DeviceId, MemberId, ObjectId
from afield.members.events import DEVICE_INTRODUCED, MEMBER_INTRODUCED
from afield.members.gate import REMOVED
from afield.members.rights import NO_RIGHT, NO_ROLE
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


@dataclass(frozen=True, slots=True)
class Waiting:
    """A device that has introduced itself and that no member has confirmed.

    Attributes:
        id: the device.
        member: the member it says it writes for.
        public_key: its raw Ed25519 key.
        profile: the object with the name that the member gives itself.
        entries: how many of its entries wait, of those that are understood.
    """

    id: DeviceId
    member: MemberId
    public_key: bytes
    profile: ObjectId | None
    entries: int


@dataclass(frozen=True, slots=True)
class Refusal:
    """Entries that do not count since their author had no right to write them.

    Attributes:
        device: in whose log they stand.
        member: who wrote them.
        kind: what they say.
        why: in words.
        entries: how many.
    """

    device: DeviceId
    member: MemberId
    kind: str
    why: str
    entries: int


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


def waiting(projection: Projection) -> list[Waiting]:
    """Return the devices whose entries wait for a confirmation, by id."""
    known = {row[0] for row in projection.query("SELECT id FROM devices")}
    counts = "SELECT device, COUNT(*) FROM quarantine GROUP BY device ORDER BY device"
    found = []
    for id_, entries in projection.query(counts):
        said = {} if id_ in known else _said(projection, id_)
        first = said.get(DEVICE_INTRODUCED)
        key = None if first is None else public_key(first)
        if first is None or key is None:
            continue
        person = said.get(MEMBER_INTRODUCED)
        profile = person.refs[0] if person is not None and person.refs else None
        member = MemberId(str(first.body.get("member")))
        found.append(Waiting(DeviceId(id_), member, key, profile, entries))
    return found


def late(projection: Projection) -> dict[DeviceId, int]:
    """Return by removed device how many entries of it do not count, of those understood."""
    sql = "SELECT device, COUNT(*) FROM quarantine WHERE why = ? GROUP BY device ORDER BY device"
    return {DeviceId(device): count for device, count in projection.query(sql, (REMOVED,))}


def refusals(projection: Projection) -> list[Refusal]:
    """Return what was not applied since no role allowed it, by device, member and kind."""
    sql = (
        "SELECT device, kind, why, COUNT(*) FROM quarantine WHERE why LIKE ? OR why LIKE ?"
        " GROUP BY device, kind, why ORDER BY device, kind, why"
    )
    rows = projection.query(sql, (f"{NO_ROLE}: %", f"{NO_RIGHT}: %"))
    return [
        Refusal(
            DeviceId(device),
            MemberId(str(why).rpartition(" by ")[2]),
            kind,
            str(why).partition(": ")[0],
            entries,
        )
        for device, kind, why, entries in rows
    ]


def _said(projection: Projection, id_: str) -> dict[str, Entry]:
    """Return a waiting device's introduction and the last one of its member."""
    sql = "SELECT entry FROM quarantine WHERE device = ? AND kind IN (?, ?) ORDER BY seq"
    found: dict[str, Entry] = {}
    for (text,) in projection.query(sql, (id_, DEVICE_INTRODUCED, MEMBER_INTRODUCED)):
        entry = msgspec.json.decode(text, type=Entry)
        if entry.kind == MEMBER_INTRODUCED or entry.seq == 1:
            found[entry.kind] = entry
    return found


def _device(row: tuple[object, ...]) -> Device:
    id_, of, public_key, name, introduced_ms = row
    return Device(id_, of, bytes.fromhex(str(public_key)), name, introduced_ms)  # type: ignore[arg-type]
