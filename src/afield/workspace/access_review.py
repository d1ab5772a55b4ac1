"""Who can do what, since when, and what was refused: the report that somebody reviews.

One document for the command line and the API: `afield.access/1`, described in docs/json.md.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from afield.members.decide import decide
from afield.members.query import refusals
from afield.members.roles import ALLOWED, EVERY_PROJECT, Role
from afield.workspace.membership import Left, MemberView, members
from afield.workspace.workspace import Workspace

_CHANGES = (
    'SELECT member, project, role, granted, "by", said_ms FROM role_changes'
    " ORDER BY said_ms, device, seq"
)


def review(workspace: Workspace) -> dict[str, Any]:
    """Return the report, as the tables are now."""
    return {
        "schema": "afield.access/1",
        "workspace": workspace.config.workspace,
        "ruled": workspace.config.rights.since is not None,
        "members": [member_part(one) for one in members(workspace)],
        "changes": [
            {
                "member": member,
                "name": workspace.name_of(member),
                "project": project,
                "role": role,
                "granted": bool(granted),
                "by": by,
                "by_name": workspace.name_of(by),
                "at": time_of(said_ms),
            }
            for member, project, role, granted, by, said_ms in workspace.query(_CHANGES)
        ],
        "refused": refused_parts(workspace),
        "roles": {role: sorted(ALLOWED[role]) for role in Role},
    }


def refused_parts(workspace: Workspace) -> list[dict[str, Any]]:
    """Return which entries were not applied since no role of their authors allowed them."""
    return [
        {
            "device": one.device,
            "member": one.member,
            "name": workspace.name_of(one.member),
            "kind": one.kind,
            "why": one.why,
            "entries": one.entries,
        }
        for one in refusals(workspace.projection)
    ]


def member_part(one: MemberView) -> dict[str, Any]:
    """Return what is told of a member."""
    projects = sorted(project for project in one.roles if project != EVERY_PROJECT)
    actions = sorted({action for roles in one.roles.values() for role in roles
                      for action in ALLOWED[role]})  # fmt: skip
    return {
        "member": one.id,
        "name": one.name,
        "source": one.source,
        "roles": {project: sorted(roles) for project, roles in sorted(one.roles.items())},
        "everywhere": [each for each in actions if decide(one.roles, each).allowed],
        "in_projects": {
            project: [
                each
                for each in actions
                if decide(one.roles, each, project).allowed and not decide(one.roles, each).allowed
            ]
            for project in projects
        },
        "devices": [
            {
                "device": device.id,
                "introduced": time_of(device.introduced_ms),
                "last": device.last,
                "last_at": None if device.last_ms is None else time_of(device.last_ms),
                "removed": device.removed,
                "hub": device.hub,
            }
            for device in one.devices
        ],
    }


def left_part(left: Left) -> dict[str, Any]:
    """Return what came of a member's leaving: `afield.left/1`."""
    return {
        "schema": "afield.left/1",
        "member": left.member.id,
        "name": left.member.name,
        "could_read": {project: sorted(roles) for project, roles in sorted(left.readable.items())},
        "copies": [
            {
                "device": one.id,
                "last": one.last,
                "last_at": None if one.last_ms is None else time_of(one.last_ms),
            }
            for one in left.devices
        ],
        "runs": left.runs,
        "datasets": left.datasets,
    }


def time_of(ms: int) -> datetime:
    """Return a time for JSON."""
    return datetime.fromtimestamp(ms / 1000, UTC)
