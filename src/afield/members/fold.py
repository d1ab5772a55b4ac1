"""Members and devices as tables, from the facts in `events`."""

from __future__ import annotations

from collections.abc import Iterator

from afield.journal.entry import Entry
from afield.kernel.clock import stamp_to_ms
from afield.members.events import DEVICE_INTRODUCED, MEMBER_INTRODUCED
from afield.members.gate import IntroducedDevices
from afield.projection import Column, Put, Room, Table

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


ROOM = Room(
    "members",
    tables=(MEMBERS, DEVICES),
    folds={DEVICE_INTRODUCED: fold_device, MEMBER_INTRODUCED: fold_member},
    gate=IntroducedDevices(),
)
