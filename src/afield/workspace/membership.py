"""Members of a workspace as people see them: who they are, what they hold, and changing that.

Every change is an entry; whether it holds is decided where entries are folded. What is done
here is refused beforehand when it would not hold.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from afield.journal.entry import Draft
from afield.kernel.clock import stamp_to_ms
from afield.kernel.errors import NotFound, Refused
from afield.kernel.ids import DeviceId, MemberId
from afield.members.actions import Action
from afield.members.caller import Caller
from afield.members.errors import ActionNotAllowed
from afield.members.events import (
    device_confirmed,
    device_removed,
    member_granted,
    member_introduced,
    member_revoked,
)
from afield.members.names import to_object
from afield.members.query import Waiting, devices
from afield.members.removal import heads_of, may_remove
from afield.members.rights import Rights
from afield.members.roles import EVERY_PROJECT, Role
from afield.workspace.workspace import Workspace

Source = Literal["founder", "granted", "ungranted", "none"]


@dataclass(frozen=True, slots=True)
class MemberDevice:
    """A device of a member: `last` and `last_ms` are its last entry here; `removed`: it was."""

    id: DeviceId
    introduced_ms: int
    last: int
    last_ms: int | None
    removed: bool
    hub: bool


@dataclass(frozen=True, slots=True)
class MemberView:
    """A member.

    Attributes:
        id: the member.
        name: what the member is called; the id when nobody said.
        roles: those held now, by project.
        source: by what: as the founder, by grants, as a confirmed member of whom no grant says
            anything, or not at all.
        devices: the member's own.
    """

    id: MemberId
    name: str
    roles: Mapping[str, frozenset[Role]]
    source: Source
    devices: tuple[MemberDevice, ...]


class RolesHeld:
    """Which roles members hold, as the record was when it was made."""

    def __init__(self, workspace: Workspace) -> None:
        workspace.catch_up()  # one of several openers may not have heard of the last change
        self._rights: Rights = workspace.config.rights
        self._founder = _founder(workspace)
        removed = workspace.config.removed
        own = workspace.config.device
        self.confirmed = {
            one.member
            for one in devices(workspace.projection)
            if one.id not in removed or one.id == own
        }

    def of(self, member: MemberId) -> Mapping[str, frozenset[Role]]:
        """Return the roles that a member holds, by project."""
        return self._rights.now(member, confirmed=member in self.confirmed)

    def source(self, member: MemberId) -> Source:
        """Return by what a member holds them."""
        if self._rights.spans.get(member):
            return "granted" if self.of(member) else "none"
        if member == self._founder:
            return "founder"
        return "ungranted" if member in self.confirmed else "none"


def need_here(workspace: Workspace, *actions: Action) -> None:
    """Do nothing when what this workspace's own member writes by one of these actions counts.

    Raises:
        ActionNotAllowed: it would not, here nor in any other copy.
    """
    if workspace.config.rights.since is None:
        return
    member = workspace.config.member
    caller = Caller(member, RolesHeld(workspace).of(member))
    if not any(caller.may(action).allowed for action in actions):
        caller.need(actions[0])


@dataclass(frozen=True, slots=True)
class Left:
    """What came of a member's leaving.

    Attributes:
        member: who left.
        readable: the roles by which the member could read, by project.
        devices: those that do not count any more; each had a copy of what it was sent.
        runs: how many runs there were to read, and `datasets` how many datasets.
    """

    member: MemberView
    readable: Mapping[str, frozenset[Role]]
    devices: tuple[MemberDevice, ...]
    runs: int
    datasets: int


def members(workspace: Workspace) -> list[MemberView]:
    """Return all members who are known of, by name."""
    held = RolesHeld(workspace)
    known: dict[MemberId, list[MemberDevice]] = {}
    last = _last_entries(workspace)
    hubs = {row[0] for row in workspace.query(_HUBS)}
    for one in devices(workspace.projection):
        seq, at_ms = last.get(one.id, (0, None))
        removed = one.id in workspace.config.removed
        device = MemberDevice(one.id, one.introduced_ms, seq, at_ms, removed, one.id in hubs)
        known.setdefault(one.member, []).append(device)
    for (member,) in workspace.query("SELECT id FROM members"):
        known.setdefault(member, [])
    for member in workspace.config.rights.spans:
        known.setdefault(member, [])
    found = [
        MemberView(
            member, workspace.name_of(member), held.of(member), held.source(member), tuple(own)
        )
        for member, own in known.items()
    ]
    return sorted(found, key=lambda one: (one.name.casefold(), one.id))


def find_member(workspace: Workspace, text: str) -> MemberView:
    """Return the member of this name, or whose id begins so.

    Raises:
        NotFound: there is none, or several.
    """
    every = members(workspace)
    wanted = text.casefold()
    found = [one for one in every if one.name.casefold() == wanted or one.id == wanted]
    found = found or [one for one in every if wanted and one.id.startswith(wanted)]
    if len(found) != 1:
        why = "several fit: " + ", ".join(one.id for one in found) if found else "nobody fits"
        raise NotFound("no such member", text, why, hint="afield member list")
    return found[0]


def change_role(
    workspace: Workspace,
    member: MemberId,
    role: Role,
    *,
    project: str = EVERY_PROJECT,
    grant: bool,
    caller: Caller | None = None,
) -> None:
    """Give a member a role, or take it.

    Args:
        workspace: the workspace.
        member: whose.
        role: which.
        project: where; `*` is every project.
        grant: give it; else take it.
        caller: on whose behalf; None: this workspace's own member.

    Raises:
        ActionNotAllowed: the caller manages no members, or may not unmake this admin.
        Refused: the member does not hold the role that is to be taken.
    """
    by = _manager(workspace, caller)
    held = RolesHeld(workspace)
    if not grant and role not in held.of(member).get(project, ()):
        hint = "afield member list"
        raise Refused("cannot revoke", role, f"not held in {project} as such", hint=hint)
    say = member_granted if grant else member_revoked
    draft = say(member, project=project, role=role, heads=_heads(workspace, member))
    entry = workspace.record.journal.append_many([draft], durable=True, by=by)[0]
    workspace.refresh()
    if entry.digest in workspace.config.rights.void:
        why = "an admin is unmade by the founder, or by an admin made earlier"
        raise ActionNotAllowed("not applied", role, why, action=Action.MEMBER_MANAGE)


def let_in(
    workspace: Workspace,
    device: Waiting,
    roles: Iterable[tuple[str, Role]] = (),
    *,
    hub: bool = False,
    caller: Caller | None = None,
) -> None:
    """Confirm a device that waits; its member holds these roles, (project, role), from the first.

    Raises:
        ActionNotAllowed: the caller may not.
    """
    given = list(roles)
    ruled = workspace.config.rights.since is not None
    by = _manager(workspace, caller) if given or ruled or hub else _own(workspace, caller)
    drafts: list[Draft] = [
        member_granted(device.member, project=project, role=role, heads={})
        for project, role in given
    ]
    drafts.append(
        device_confirmed(device.id, public_key=device.public_key, member=device.member, hub=hub)
    )
    workspace.record.journal.append_many(drafts, durable=True, by=by)
    workspace.refresh()


def leave(workspace: Workspace, member: MemberView, *, caller: Caller | None = None) -> Left:
    """Let nothing count any more that a member writes from now on; tell what was readable.

    Raises:
        ActionNotAllowed: the caller may not, or it is the founder.
    """
    by = _manager(workspace, caller)
    what = "cannot let leave"
    if member.id == _founder(workspace):
        why = "the founder stays: everything rests on that key"
        raise ActionNotAllowed(what, member.name, why, action=Action.MEMBER_MANAGE)
    config, journal = workspace.config, workspace.record.journal
    going = tuple(one for one in member.devices if not one.removed)
    for one in going:
        if not may_remove(workspace.projection, config.founded_by, by, one.id):
            why = "an admin made earlier, or the founder, has to do it"
            raise ActionNotAllowed(what, member.name, why, action=Action.MEMBER_MANAGE)
    readable = RolesHeld(workspace).of(member.id)
    drafts = [device_removed(one.id, heads=heads_of(journal, one.id)) for one in going]
    if config.rights.since is not None:
        heads = _heads(workspace, member.id)
        drafts += [
            member_revoked(member.id, project=project, role=role, heads=heads)
            for project, roles in sorted(readable.items())
            for role in sorted(roles)
        ]
    if drafts:
        journal.append_many(drafts, durable=True, by=by)
        workspace.refresh()
    runs = workspace.query("SELECT COUNT(*) FROM runs")[0][0]
    datasets = workspace.query("SELECT COUNT(DISTINCT name) FROM dataset_versions")[0][0]
    return Left(member, readable, going, runs, datasets)


def take_in(
    workspace: Workspace,
    member: MemberId,
    name: str,
    roles: Iterable[tuple[str, Role]],
    *,
    caller: Caller | None = None,
) -> None:
    """Make a member who has no device yet, and works through this hub, with these roles.

    Raises:
        ActionNotAllowed: the caller may not.
    """
    by = _manager(workspace, caller)
    record = workspace.record
    profile = record.vault.put(to_object(name), meta=True)
    record.vault.flush()
    given = [
        member_granted(member, project=project, role=role, heads={}) for project, role in roles
    ]
    record.journal.append_many(given, durable=True, by=by)
    introduced = member_introduced(member, profile=profile)
    record.journal.append_many([introduced], durable=True, by=member)
    workspace.refresh()


def be_hub(workspace: Workspace) -> None:
    """Confirm this device as a hub's, so that what it writes for members counts; once is enough.

    Raises:
        ActionNotAllowed: this workspace's member manages no hubs: an admin has to confirm it.
    """
    workspace.refresh()
    own = workspace.config.device
    if (own,) in workspace.query(_HUBS):
        return
    member = workspace.config.member
    Caller(member, RolesHeld(workspace).of(member)).need(Action.HUB_MANAGE)
    key = next(one.public_key for one in devices(workspace.projection) if one.id == own)
    draft = device_confirmed(own, public_key=key, member=member, hub=True)
    workspace.record.journal.append_many([draft], durable=True)
    workspace.refresh()


_HUBS = (
    "SELECT about FROM claims WHERE kind = 'device.confirmed' AND body LIKE '%\"hub\":true%'"
    " AND about IN (SELECT device FROM confirmations)"
)


def _founder(workspace: Workspace) -> MemberId | None:
    sql = "SELECT member FROM devices WHERE id = ?"
    rows = workspace.query(sql, (workspace.config.founded_by,))
    return MemberId(rows[0][0]) if rows else None


def _own(workspace: Workspace, caller: Caller | None) -> MemberId:
    return workspace.config.member if caller is None else caller.member


def _manager(workspace: Workspace, caller: Caller | None) -> MemberId:
    """Return who manages members here; raises as `Caller.need` does."""
    if caller is None:
        own = workspace.config.member
        caller = Caller(own, RolesHeld(workspace).of(own))
    caller.need(Action.MEMBER_MANAGE)
    return caller.member


def _heads(workspace: Workspace, member: MemberId) -> dict[DeviceId, int]:
    """Return how far the logs of a member's devices are known here."""
    last = _last_entries(workspace)
    return {
        one.id: last[one.id][0]
        for one in devices(workspace.projection, of=member)
        if one.id in last
    }


def _last_entries(workspace: Workspace) -> dict[DeviceId, tuple[int, int]]:
    """Return number and time of the last entry of each device, in Unix milliseconds."""
    found: dict[DeviceId, tuple[int, int]] = {}
    for log, head in workspace.record.journal.heads().items():
        entry = workspace.record.journal.entry_at(log, head.seq)
        if entry is not None:
            found[entry.device] = max(
                found.get(entry.device, (0, 0)), (head.seq, stamp_to_ms(entry.at))
            )
    return found
