"""How far each device's log is known here, which devices wait, and where copies meet."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

from afield.members.query import waiting
from afield.workspace.membership import MemberDevice, members
from afield.workspace.remotes import elsewhere_of, remotes
from afield.workspace.workspace import Workspace

_SECRET = re.compile(r"//[^/@]*@")


def sharing_document(workspace: Workspace) -> dict[str, Any]:
    """Return devices, those that wait, and remotes; addresses without what stands before `@`."""
    return {
        "devices": [
            _device(workspace, device, member.id, member.name)
            for member in members(workspace)
            for device in member.devices
        ],
        "waiting": [
            {"id": one.id, "member": one.member, "entries": one.entries}
            for one in waiting(workspace.projection)
        ],
        "remotes": [
            {
                "name": one.name,
                "url": _SECRET.sub("//", one.url),
                "labels": sorted(one.labels),
                "synced": one.synced,
                "packs_elsewhere": len(elsewhere_of(workspace, one).packs()),
            }
            for one in remotes(workspace).values()
        ],
    }


def _device(workspace: Workspace, device: MemberDevice, member: str, name: str) -> dict[str, Any]:
    sql = "SELECT name FROM devices WHERE id = ?"
    own = workspace.query(sql, (device.id,))
    return {
        "id": device.id,
        "name": own[0][0] if own else None,
        "member": member,
        "by": name,
        "introduced": _when(device.introduced_ms),
        "entries": device.last,
        "at": None if device.last_ms is None else _when(device.last_ms),
        "state": "removed" if device.removed else "hub" if device.hub else "counts",
        "here": device.id == workspace.config.device,
    }


def _when(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1000, UTC)
