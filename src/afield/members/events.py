"""The facts that this room may write, as drafts for `Journal.append_many`."""

from __future__ import annotations

from collections.abc import Iterable

from afield.journal.entry import Draft
from afield.kernel.ids import DeviceId, MemberId, ObjectId

DEVICE_INTRODUCED = "device.introduced"
DEVICE_CONFIRMED = "device.confirmed"
DEVICE_REMOVED = "device.removed"
MEMBER_INTRODUCED = "member.introduced"


def device_introduced(
    device: DeviceId, *, public_key: bytes, member: MemberId, name: str | None = None
) -> Draft:
    """Say whose a device is; must be the first entry of the device's own log."""
    body = {"public_key": public_key.hex(), "member": member}
    if name is not None:
        body["name"] = name
    return Draft(DEVICE_INTRODUCED, device, body)


def device_confirmed(device: DeviceId, *, public_key: bytes, member: MemberId) -> Draft:
    """Say that a member has compared the safety phrase of a device, and whose it is."""
    return Draft(DEVICE_CONFIRMED, device, {"public_key": public_key.hex(), "member": member})


def device_removed(device: DeviceId, *, heads: Iterable[tuple[int, str]]) -> Draft:
    """Say that what a device writes from now on does not count: it was lost, or its member left.

    Args:
        device: the device.
        heads: number and digest of the last entry of its log and branches that are known here;
            they, and what they build on, go on counting.
    """
    return Draft(DEVICE_REMOVED, device, {"heads": [list(head) for head in heads]})


def member_introduced(member: MemberId, *, profile: ObjectId) -> Draft:
    """Say who the member is; the profile is prose in an object, so that it can be erased.

    Written by the member's own device; the latest profile counts.
    """
    return Draft(MEMBER_INTRODUCED, member, {"member": member}, (profile,))
