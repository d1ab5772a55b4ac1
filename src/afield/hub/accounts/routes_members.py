"""The routes about members: who they are, inviting, roles, leaving, and the access review.

Changes are entries that the hub's device writes for whoever asked; see `workspace.membership`.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from afield.hub.accounts.endpoint import Endpoint, answer, caller_of, said
from afield.hub.accounts.routes_account import event_parts, fresh_person, token_part
from afield.hub.accounts.routes_login import Door
from afield.kernel.ids import MemberId, new_member_id
from afield.members.actions import Action
from afield.members.caller import Caller
from afield.members.roles import EVERY_PROJECT, Role
from afield.workspace.access_review import left_part, member_part, review
from afield.workspace.membership import (
    MemberView,
    change_role,
    find_member,
    leave,
    members,
    take_in,
)
from afield.workspace.workspace import Workspace

_EVENTS_SHOWN = 1000


class RoleBody(msgspec.Struct, forbid_unknown_fields=True):
    """A role, and where; `grant` False takes it."""

    role: Role
    project: str = EVERY_PROJECT
    grant: bool = True


class InviteBody(msgspec.Struct, forbid_unknown_fields=True):
    """Whom to invite, and what for."""

    username: str
    roles: list[RoleBody]
    name: str | None = None


class ResetCodeBody(msgspec.Struct, forbid_unknown_fields=True):
    """Whether the second factor was lost as well, and goes."""

    drop_second_factor: bool = False


class Members:
    """The handlers."""

    def __init__(self, door: Door) -> None:
        self._door = door
        self._accounts = door.accounts

    def endpoints(self) -> list[Endpoint]:
        """Return the routes."""
        manage, base = Action.MEMBER_MANAGE, "/api/v1/members"
        return [
            Endpoint("GET", base, Action.MEMBER_READ, self.every),
            Endpoint("POST", base, manage, self.invite, InviteBody),
            Endpoint("POST", f"{base}/{{id}}/roles", manage, self.change, RoleBody),
            Endpoint("POST", f"{base}/{{id}}/leave", manage, self.leave),
            Endpoint("POST", f"{base}/{{id}}/reset", manage, self.reset, ResetCodeBody),
            Endpoint("GET", "/api/v1/access-review", Action.AUDIT_READ, self.review),
            Endpoint("GET", "/api/v1/account-events", Action.AUDIT_READ, self.events),
        ]

    async def every(self, _: Request) -> Response:
        """List the members."""
        found = await self._door.hosted.read(_every)
        return answer({"schema": "afield.members/1", "members": found})

    async def invite(self, request: Request) -> Response:
        """Make a member, and a code with which somebody sets the password of the account."""
        caller, body = caller_of(request), await said(request, InviteBody)
        member = new_member_id()
        code = self._accounts.invite(body.username, member)
        roles = [(each.project, each.role) for each in body.roles]
        name = body.name or body.username
        await self._door.hosted.read(partial(_take_in, member, name, roles, caller))
        self._accounts.trail.note("member.invited", caller.member, detail=member)
        document = {"schema": "afield.invitation/1", "member": member, "code": code}
        return answer(document, 201)

    async def change(self, request: Request) -> Response:
        """Give a role, or take it."""
        caller, body = caller_of(request), await said(request, RoleBody)
        work = partial(_change, request.path_params["id"], body, caller)
        found = await self._door.hosted.read(work)
        return answer(found)

    async def leave(self, request: Request) -> Response:
        """Let a member leave: devices, roles, account, sessions and tokens, in one step."""
        caller = caller_of(request)
        found = await self._door.hosted.read(partial(_leave, request.path_params["id"], caller))
        member = MemberId(found["member"])
        sessions, tokens = self._accounts.end(member)
        self._accounts.trail.note("member.left", caller.member, detail=member)
        return answer({**found, "sessions": sessions, "tokens": tokens})

    async def reset(self, request: Request) -> Response:
        """Give a code with which a member sets another password; no token may ask for one."""
        by = fresh_person(request, self._accounts).member
        body = await said(request, ResetCodeBody)
        member = await self._door.hosted.read(partial(_found, request.path_params["id"]))
        code = self._accounts.reset_code(member, by=by, drop_factor=body.drop_second_factor)
        return answer({"schema": "afield.reset/1", "member": member, "code": code}, 201)

    async def review(self, _: Request) -> Response:
        """Say who can do what, with the accounts and tokens of this hub."""
        found = await self._door.hosted.read(_review)
        found["accounts"] = [
            {
                "member": one.member,
                "username": one.username,
                "second_factor": one.has_totp,
                "passkeys": len(self._door.passkeys.of(one.member)),
                "sessions": len(self._accounts.sessions.of(one.member)),
                "made_ms": one.made_ms,
                "ended_ms": one.ended_ms,
            }
            for one in self._accounts.every()
        ]
        found["tokens"] = [token_part(one) for one in self._accounts.tokens.of()]
        return answer(found)

    async def events(self, _: Request) -> Response:
        """List what happened to accounts, the latest first."""
        parts = event_parts(self._accounts.trail.last(_EVENTS_SHOWN))
        return answer({"schema": "afield.account-events/1", "events": parts})


def _every(workspace: Workspace) -> list[dict[str, Any]]:
    workspace.refresh()
    return [member_part(one) for one in members(workspace)]


def _take_in(
    member: MemberId,
    name: str,
    roles: list[tuple[str, Role]],
    caller: Caller,
    workspace: Workspace,
) -> None:
    workspace.refresh()
    take_in(workspace, member, name, roles, caller=caller)


def _change(ref: str, body: RoleBody, caller: Caller, workspace: Workspace) -> dict[str, Any]:
    workspace.refresh()
    found = find_member(workspace, ref)
    change_role(
        workspace, found.id, body.role, project=body.project, grant=body.grant, caller=caller
    )
    return member_part(find_member(workspace, found.id))


def _found(ref: str, workspace: Workspace) -> MemberId:
    workspace.refresh()
    return find_member(workspace, ref).id


def _leave(ref: str, caller: Caller, workspace: Workspace) -> dict[str, Any]:
    workspace.refresh()
    found: MemberView = find_member(workspace, ref)
    return left_part(leave(workspace, found, caller=caller))


def _review(workspace: Workspace) -> dict[str, Any]:
    workspace.refresh()
    return review(workspace)
