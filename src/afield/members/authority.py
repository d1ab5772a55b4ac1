"""Whose claims about members and devices hold: one pure function of the set of claims.

Claims are gone through in the order of their stamps, each judged by what held before it. What
an admin decides behind the point up to which its log was known when the role was taken away
is void, whatever its stamp; and an admin is unmade by the founder or by one made earlier:
so nobody gets power back by a clock that is set back.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from afield.kernel.ids import DeviceId, MemberId
from afield.members.actions import Action
from afield.members.claims import Claim, heads_said, introduction, role_said
from afield.members.decide import decide
from afield.members.events import (
    DEVICE_CONFIRMED,
    DEVICE_INTRODUCED,
    DEVICE_REMOVED,
    MEMBER_GRANTED,
    MEMBER_REVOKED,
)
from afield.members.rights import FOUNDER, UNGRANTED, Rights, Span
from afield.members.roles import EVERY_PROJECT, Role
from afield.members.trust import Cut

_ROUNDS_MAX = 32
_FIRST: tuple[int, str, int, str] = (-1, "", 0, "")

CutOf = Callable[[DeviceId, list[tuple[int, str]]], Cut]
"""Returns what counts of a device's log when these heads of it were known."""


class Authority(NamedTuple):
    """What holds: up to where removed devices count, and who held which roles when."""

    removed: Mapping[DeviceId, Cut]
    rights: Rights


NOBODY = Authority({}, Rights())


def judge(claims: Sequence[Claim], founder: DeviceId, cut_of: CutOf) -> Authority:
    """Return what holds by these claims, which are in the order of their stamps.

    Removals and revocations make void what the sweep before has heeded: it is repeated until
    nothing changes, from nothing each time, so that the answer is one for one set of claims.
    """
    found, late = NOBODY, frozenset[str]()
    for _ in range(_ROUNDS_MAX):
        sweep = _Sweep(founder, found.removed, late)
        sweep.go(claims)
        after = Authority(_removed(sweep, claims, late, cut_of), sweep.rights())
        late_after = sweep.late_among(claims)
        if (after, late_after) == (found, late):
            break
        found, late = after, late_after
    return found


class _Sweep:
    """One pass over the claims.

    Attributes:
        standing: by device that speaks, the members that it speaks for.
        void: digests of claims whose authors had no right to them.
        by_role: digests of removals that a role allows.
        hubs: devices that speak for every member.
    """

    def __init__(
        self, founder: DeviceId, removed: Mapping[DeviceId, Cut], late: frozenset[str]
    ) -> None:
        self.founder = founder
        self.standing: dict[DeviceId, set[MemberId]] = {}
        self.void: set[str] = set()
        self.by_role: set[str] = set()
        self._removed = removed
        self._late = late
        self.hubs: set[DeviceId] = set()
        self._first: MemberId | None = None
        self._roles: dict[MemberId, set[tuple[str, Role]]] = {}
        self._senior: dict[MemberId, tuple[int, str, int, str]] = {}
        self._confirmed: set[MemberId] = set()
        self._spans: dict[MemberId, list[Span]] = {}
        self._since: int | None = None
        self._unmade: list[tuple[MemberId, dict[str, int], Claim]] = []

    def go(self, claims: Sequence[Claim]) -> None:
        """Go through the claims."""
        for claim in claims:
            if claim.kind == DEVICE_INTRODUCED and claim.device == self.founder and claim.seq == 1:
                said = introduction(claim.about, claim.body)
                if said is not None and said.device == claim.device and self._first is None:
                    self._found(said.member)
        for claim in claims:
            if claim.kind == DEVICE_CONFIRMED:
                self._confirm(claim)
            elif claim.kind in {MEMBER_GRANTED, MEMBER_REVOKED}:
                self._change(claim)
            elif claim.kind == DEVICE_REMOVED:
                self._remove(claim)

    def rights(self) -> Rights:
        """Return who held what when."""
        spans = {member: tuple(found) for member, found in self._spans.items()}
        return Rights(self._since, self._first, spans, frozenset(self.void))

    @property
    def ruled(self) -> bool:
        """Whether roles were granted."""
        return self._since is not None

    def late_among(self, claims: Sequence[Claim]) -> frozenset[str]:
        """Return what the unmade claimed behind the point up to which their logs were known."""
        return frozenset(
            claim.digest
            for member, heads, end in self._unmade
            for claim in claims
            if claim.by == member
            and claim.kind != DEVICE_INTRODUCED
            and claim.device not in self.hubs
            and claim.order < end.order
            and claim.seq > heads.get(claim.device, 0)
        )

    def counts(self, claim: Claim) -> bool:
        """Tell whether a claim is of what counts of its device's log."""
        cut = self._removed.get(claim.device)
        return cut is None or cut.holds(claim)

    def _found(self, member: MemberId) -> None:
        self._first = member
        self.standing[self.founder] = {member}
        self._roles[member] = {(EVERY_PROJECT, role) for role in FOUNDER[EVERY_PROJECT]}
        self._senior[member] = _FIRST
        self._confirmed.add(member)

    def _speaks(self, claim: Claim) -> bool:
        known = claim.by in self.standing.get(claim.device, ()) or claim.device in self.hubs
        return known and claim.digest not in self._late and self.counts(claim)

    def _may(self, member: MemberId, action: Action) -> bool:
        held = self._roles.get(member, ())
        everywhere = frozenset(role for project, role in held if project == EVERY_PROJECT)
        return decide({EVERY_PROJECT: everywhere}, action).allowed

    def _confirm(self, claim: Claim) -> None:
        said = introduction(claim.about, claim.body)
        if said is None:
            return
        ruled = self._since is not None
        if (
            (ruled and not self._may(claim.by, Action.MEMBER_MANAGE))
            or (said.hub and not self._may(claim.by, Action.HUB_MANAGE))
            or claim.digest in self._late
        ):
            self.void.add(claim.digest)
        elif self._speaks(claim):
            self.standing.setdefault(said.device, set()).add(said.member)
            self._confirmed.add(said.member)
            if said.hub:
                self.hubs.add(said.device)

    def _change(self, claim: Claim) -> None:
        said, member = role_said(claim.body), MemberId(claim.about)
        right = said is not None and self._speaks(claim)
        right = right and self._may(claim.by, Action.MEMBER_MANAGE)
        if said is None or not right or not self._outranks(claim, member):
            self.void.add(claim.digest)
            return
        managed = self._may(member, Action.MEMBER_MANAGE)
        if self._since is None:
            self._since = claim.at
        held = self._roles.setdefault(member, set())
        if claim.kind == MEMBER_GRANTED:
            held.add((said.project, said.role))
        else:
            held.discard((said.project, said.role))
        self._note(claim.at, member, held)
        manages = self._may(member, Action.MEMBER_MANAGE)
        if manages and not managed:
            self._senior[member] = claim.order
        elif managed and not manages:
            self._unmade.append((member, said.heads, claim))
            self._senior.pop(member)

    def _outranks(self, claim: Claim, member: MemberId) -> bool:
        """Tell whether a claim about a member who manages others is by one who may unmake it."""
        senior = self._senior.get(member)
        if claim.kind == MEMBER_GRANTED or senior is None or claim.by == member:
            return True
        return self._senior[claim.by] < senior

    def _note(self, at: int, member: MemberId, held: set[tuple[str, Role]]) -> None:
        """Keep what a member holds from a stamp on."""
        roles: dict[str, tuple[Role, ...]] = {}
        for project, role in sorted(held):
            roles[project] = (*roles.get(project, ()), role)
        spans = self._spans.get(member)
        if spans is None:
            spans = self._spans[member] = []
            if member not in self._confirmed:
                at = 0  # let in with this role, and never had another one
            elif self._since is not None and self._since < at and member != self._first:
                everywhere = {each: tuple(sorted(given)) for each, given in UNGRANTED.items()}
                spans.append(Span(self._since, everywhere))
        spans.append(Span(at, roles))

    def _remove(self, claim: Claim) -> None:
        """Note whether a role allows a removal."""
        if not self._speaks(claim) or not self._may(claim.by, Action.MEMBER_MANAGE):
            return
        if claim.about == self.founder:
            self.by_role.add(claim.digest)
        members = self.standing.get(DeviceId(claim.about), set())
        seniors = [self._senior[each] for each in members if each in self._senior]
        if claim.by in members or all(self._senior[claim.by] < senior for senior in seniors):
            self.by_role.add(claim.digest)


def _removed(
    sweep: _Sweep, claims: Sequence[Claim], late: frozenset[str], cut_of: CutOf
) -> dict[DeviceId, Cut]:
    """Return up to where removed devices count.

    Who removes must hold a role that allows it, or stand nearer to the founder than who is
    removed: two can never remove each other. Those nearer are heard first; what a device wrote
    after it was removed removes nobody. The founder's device can be removed by whoever counts,
    or manages members where roles were granted: of two who remove each other without knowing of
    it the founder's removal holds, for it is heard first; else the one that the other knew of.
    """
    ranks = Ranks(sweep, claims)
    found: dict[DeviceId, Cut] = {}

    def standing(claim: Claim) -> tuple[bool, int, int, tuple[int, str, int, str]]:
        last = max((seq for seq, _ in heads_said(claim.body)), default=0)
        rank = ranks.of_member.get(claim.by, len(claims))
        return rank > 0 and claim.digest in sweep.by_role, rank, last, claim.order

    for claim in sorted((each for each in claims if each.kind == DEVICE_REMOVED), key=standing):
        device = DeviceId(claim.about)
        cut = found.get(claim.device)
        known = ranks.counts_for(claim) or claim.device in sweep.hubs
        if not known or claim.digest in late or claim.device == device == sweep.founder:
            continue
        if cut is not None and not cut.holds(claim):
            continue
        if claim.device == sweep.founder and not sweep.counts(claim):
            continue  # written after others had removed it, which the sweep before has found
        founders = device == sweep.founder and not sweep.ruled
        if founders or claim.digest in sweep.by_role or ranks.outranks(claim.by, device):
            said = cut_of(device, heads_said(claim.body))
            if device not in found or said.last < found[device].last:
                found[device] = said
    return found


class Ranks:
    """How many confirmations devices, and members, are away from the founder."""

    def __init__(self, sweep: _Sweep, claims: Sequence[Claim]) -> None:
        self.of_device: dict[DeviceId, int] = {}
        self.of_member: dict[MemberId, int] = {}
        self._members: dict[DeviceId, set[MemberId]] = {}
        confirmations = []
        for claim in claims:
            if claim.kind == DEVICE_CONFIRMED and claim.digest not in sweep.void:
                said = introduction(claim.about, claim.body)
                if said is not None and sweep.counts(claim):
                    confirmations.append((claim, said))
        waiting = {(device, member) for device in (sweep.founder,)
                   for member in sweep.standing.get(device, ())}  # fmt: skip
        rank = 0
        while waiting:
            for device, member in waiting:
                self.of_device.setdefault(device, rank)
                self.of_member.setdefault(member, rank)
                self._members.setdefault(device, set()).add(member)
            rank += 1
            waiting = {
                (said.device, said.member)
                for claim, said in confirmations
                if self.counts_for(claim) and said.member not in self._members.get(said.device, ())
            }

    def counts_for(self, claim: Claim) -> bool:
        """Tell whether a claim's device is known as that of its author."""
        return claim.by in self._members.get(claim.device, ())

    def outranks(self, member: MemberId, device: DeviceId) -> bool:
        """Tell whether a member is nearer to the founder than a device, which may wait."""
        above, below = self.of_member.get(member), self.of_device.get(device)
        return above is not None and (below is None or above < below)
