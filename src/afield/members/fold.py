"""Members and devices as tables, from the facts in `events`."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from afield.journal.entry import Entry
from afield.kernel.clock import stamp_to_ms
from afield.kernel.ids import DeviceId
from afield.members.events import DEVICE_CONFIRMED, DEVICE_INTRODUCED, MEMBER_INTRODUCED
from afield.members.gate import KnownDevices
from afield.projection import Add, Column, Put, Room, Table

MEMBERS = Table(
    "members",
    key=(Column("id", "text"),),
    groups={
        "once": (Column("introduced_ms", "integer"),),
        "profile": (Column("profile_object", "text"),),
    },
)
DEVICES = Table(
    "devices",
    key=(Column("id", "text"),),
    groups={
        "once": (
            Column("member", "text"),
            Column("public_key", "text"),
            Column("name", "text"),
            Column("introduced_ms", "integer"),
        ),
    },
    indexes=(("member",),),
)


CONFIRMATIONS = Table(
    "confirmations",
    key=(Column("device", "text"), Column("by", "text")),
    groups={"once": (Column("confirmed_ms", "integer"),)},
)


def fold_device(entry: Entry) -> Iterator[Put]:
    """Fold `device.introduced`."""
    body = entry.body
    introduced_ms = stamp_to_ms(entry.at)
    values = (body["member"], body["public_key"], body.get("name"), introduced_ms)
    yield Put("devices", (entry.about,), "once", values)


def fold_member(entry: Entry) -> Iterator[Put]:
    """Fold `member.introduced`."""
    yield Put("members", (entry.about,), "once", (stamp_to_ms(entry.at),))
    yield Put("members", (entry.about,), "profile", (entry.refs[0] if entry.refs else None,))


def fold_confirmed(entry: Entry) -> Iterator[Add]:
    """Fold `device.confirmed`."""
    yield Add("confirmations", (entry.about, entry.by, stamp_to_ms(entry.at)))


def room(roots: Collection[DeviceId] | None) -> Room:
    """Return the room with the devices that need nobody's confirmation; None: all."""
    return Room(
        "members",
        tables=(MEMBERS, DEVICES, CONFIRMATIONS),
        folds={
            DEVICE_INTRODUCED: fold_device,
            DEVICE_CONFIRMED: fold_confirmed,
            MEMBER_INTRODUCED: fold_member,
        },
        gate=KnownDevices(roots),
    )


ROOM = room(None)
