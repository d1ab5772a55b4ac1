"""The facts that this room may write, as drafts for `Journal.append_many`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from afield.journal.entry import Draft
from afield.kernel.ids import DeviceId, MemberId, ObjectId

DEVICE_INTRODUCED = "device.introduced"
DEVICE_CONFIRMED = "device.confirmed"
DEVICE_REMOVED = "device.removed"
MEMBER_INTRODUCED = "member.introduced"
MEMBER_GRANTED = "member.granted"
MEMBER_REVOKED = "member.revoked"


def device_introduced(
    device: DeviceId, *, public_key: bytes, member: MemberId, name: str | None = None
) -> Draft:
    """Say whose a device is; must be the first entry of the device's own log."""
    body = {"public_key": public_key.hex(), "member": member}
    if name is not None:
        body["name"] = name
    return Draft(DEVICE_INTRODUCED, device, body)


def device_confirmed(
    device: DeviceId, *, public_key: bytes, member: MemberId, hub: bool = False
) -> Draft:
    """Say that a member has compared the safety phrase of a device, and whose it is.

    Args:
        device: the device.
        public_key: its raw Ed25519 key.
        member: whom it writes for.
        hub: it is a hub's, which writes for every member whom it has let in.
    """
    body: dict[str, object] = {"public_key": public_key.hex(), "member": member}
    if hub:
        body["hub"] = True
    return Draft(DEVICE_CONFIRMED, device, body)


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


def member_granted(
    member: MemberId, *, project: str, role: str, heads: Mapping[DeviceId, int]
) -> Draft:
    """Say that a member has a role in a project from now on; `*` is every project.

    Args:
        member: who.
        project: where.
        role: one of `roles.Role`.
        heads: how far the logs of the member's devices are known here. What the member decides
            about members behind that was decided with the roles of now, whatever its time.
    """
    return _role(MEMBER_GRANTED, member, project, role, heads)


def member_revoked(
    member: MemberId, *, project: str, role: str, heads: Mapping[DeviceId, int]
) -> Draft:
    """Say that a member has a role no more; see `member_granted`."""
    return _role(MEMBER_REVOKED, member, project, role, heads)


def _role(
    kind: str, member: MemberId, project: str, role: str, heads: Mapping[DeviceId, int]
) -> Draft:
    return Draft(kind, member, {"project": project, "role": role, "heads": dict(heads)})
