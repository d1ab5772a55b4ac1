"""Members and devices as tables, from the facts in `events`."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping

from afield.journal.entry import Entry
from afield.kernel.clock import stamp_to_ms
from afield.kernel.ids import DeviceId
from afield.members.actions import Action
from afield.members.claims import CLAIMS, KINDS, fold_claim, role_said
from afield.members.events import (
    DEVICE_CONFIRMED,
    DEVICE_INTRODUCED,
    DEVICE_REMOVED,
    MEMBER_GRANTED,
    MEMBER_INTRODUCED,
    MEMBER_REVOKED,
)
from afield.members.gate import NEEDS, KnownDevices
from afield.members.times import KINDS as TIME_KINDS
from afield.members.times import TIMES, fold_time
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


REMOVALS = Table(
    "removals",
    key=(Column("device", "text"), Column("by_device", "text"), Column("seq", "integer")),
    groups={
        "once": (
            Column("by", "text"),
            Column("last", "integer"),
            Column("heads", "text"),
            Column("removed_ms", "integer"),
        ),
    },
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


def fold_removed(entry: Entry) -> Iterator[Add]:
    """Fold `device.removed`."""
    heads = [(int(seq), str(digest)) for seq, digest in entry.body["heads"]]
    last = max((seq for seq, _ in heads), default=0)
    values = (entry.by, last, json.dumps(heads), stamp_to_ms(entry.at))
    yield Add("removals", (entry.about, entry.device, entry.seq, *values))


ROLE_CHANGES = Table(
    "role_changes",
    key=(Column("device", "text"), Column("seq", "integer"), Column("digest", "text")),
    groups={
        "once": (
            Column("member", "text"),
            Column("project", "text"),
            Column("role", "text"),
            Column("granted", "integer"),
            Column("by", "text"),
            Column("said_ms", "integer"),
        ),
    },
    indexes=(("member",),),
)


def fold_role(entry: Entry) -> Iterator[Add]:
    """Fold `member.granted` and `member.revoked`."""
    said = role_said(entry.body)
    if said is None:
        raise ValueError("it names no role")
    key = (entry.device, entry.seq, entry.digest)
    granted = int(entry.kind == MEMBER_GRANTED)
    told = (entry.about, said.project, said.role.value, granted)
    yield Add("role_changes", (*key, *told, entry.by, stamp_to_ms(entry.at)))


def room(
    roots: Collection[DeviceId] | None, needs: Mapping[str, tuple[Action, ...]] = NEEDS
) -> Room:
    """Return the room.

    Args:
        roots: the devices that need nobody's confirmation; None: all.
        needs: by kind of entry, of any room, the actions of which its author needs one.
    """
    return Room(
        "members",
        tables=(MEMBERS, DEVICES, CONFIRMATIONS, REMOVALS, ROLE_CHANGES, TIMES, CLAIMS),
        folds={
            DEVICE_INTRODUCED: fold_device,
            DEVICE_CONFIRMED: fold_confirmed,
            DEVICE_REMOVED: fold_removed,
            MEMBER_INTRODUCED: fold_member,
            MEMBER_GRANTED: fold_role,
            MEMBER_REVOKED: fold_role,
            **dict.fromkeys(TIME_KINDS, fold_time),
        },
        claims=dict.fromkeys(KINDS, fold_claim),
        gate=KnownDevices(roots, needs),
    )


ROOM = room(None)
