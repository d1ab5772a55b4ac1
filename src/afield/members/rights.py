"""Who held which roles when, as worked out by `authority`, and what that means for an entry.

Values and their reading only. Times are the stamps of entries: a role counts for entries
stamped from the grant on, until the stamp of the entry that takes it away.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Any

import msgspec

from afield.journal.entry import Entry
from afield.kernel.digest import digest
from afield.kernel.ids import MemberId
from afield.members.actions import Action
from afield.members.decide import decide
from afield.members.events import DEVICE_CONFIRMED, MEMBER_GRANTED, MEMBER_REVOKED
from afield.members.roles import EVERY_PROJECT, Role

UNGRANTED: Mapping[str, frozenset[Role]] = {EVERY_PROJECT: frozenset({Role.DEVELOPER})}
"""What a confirmed member holds of whom no grant says anything."""

UNRULED: Mapping[str, frozenset[Role]] = {
    EVERY_PROJECT: frozenset({Role.DEVELOPER, Role.REVIEWER, Role.DEPLOYER})
}
"""The same where no role was ever granted to anybody: there people trust each other."""

FOUNDER: Mapping[str, frozenset[Role]] = {EVERY_PROJECT: frozenset({Role.ADMIN})}
"""What the founder holds, until laying it down."""


_ABOUT_MEMBERS = frozenset({DEVICE_CONFIRMED, MEMBER_GRANTED, MEMBER_REVOKED})
NO_RIGHT = "its author had no right to it"
NO_ROLE = "no role of its author allows it"


class Span(msgspec.Struct, frozen=True, array_like=True):
    """What a member holds from a stamp on: the roles by project."""

    at: int
    roles: dict[str, tuple[Role, ...]]

    def grants(self) -> dict[str, frozenset[Role]]:
        """Return the roles as `decide` takes them."""
        return {project: frozenset(roles) for project, roles in self.roles.items()}


class Rights(msgspec.Struct, frozen=True):
    """Who held which roles when.

    Attributes:
        since: the stamp of the first role ever granted; None: nobody was granted any.
        founder: the founder's member; None before the founder's log is here.
        spans: by member, in order, for those of whom a grant or revocation was said. Before
            the first one, nothing was ruled.
        void: digests of entries about members whose authors had no right to write them.
    """

    since: int | None = None
    founder: MemberId | None = None
    spans: dict[MemberId, tuple[Span, ...]] = {}
    void: frozenset[str] = frozenset()

    @property
    def name(self) -> str:
        """All that a verdict depends on as one text; empty where nothing is ruled."""
        if self.since is None and not self.void:
            return ""
        parts = [[member, *spans] for member, spans in sorted(self.spans.items())]
        return digest(msgspec.json.encode([self.since, self.founder, parts, sorted(self.void)]))

    def now(self, member: MemberId, *, confirmed: bool) -> Mapping[str, frozenset[Role]]:
        """Return the roles that a member holds after all that is known.

        Args:
            member: who.
            confirmed: whether a device of the member counts.
        """
        spans = self.spans.get(member)
        if spans:
            return spans[-1].grants()
        if member == self.founder:
            return FOUNDER
        if not confirmed:
            return {}
        return UNRULED if self.since is None else UNGRANTED


def differ_from(before: Rights, after: Rights, member: str) -> int | None:
    """Return the first stamp of which a member's entries may be judged otherwise; None: none."""
    spans = [_spans(rights, MemberId(member)) for rights in (before, after)]
    for first, second in itertools.zip_longest(*spans):
        if first != second:
            return min(span.at for span in (first, second) if span is not None)
    return None


def judge_alike(before: Rights, after: Rights, last: Mapping[str, int]) -> bool:
    """Tell whether what was judged by one is judged alike by the other.

    Args:
        before: what it was judged by.
        after: the other.
        last: the latest stamp of each author among what was judged.
    """
    if (before.void, before.founder) != (after.void, after.founder):
        return False
    starts = ((differ_from(before, after, member), at) for member, at in last.items())
    return all(start is None or at < start for start, at in starts)


def _spans(rights: Rights, member: MemberId) -> tuple[Span, ...]:
    """Return what a member held when; nothing before the first counts as ruled."""
    found = rights.spans.get(member)
    if found is not None:
        return found
    if rights.since is None or member == rights.founder:
        return ()
    roles = {project: tuple(sorted(each)) for project, each in UNGRANTED.items()}
    return (Span(rights.since, roles),)


class Ruling:
    """Rights, made ready to judge many entries.

    Args:
        rights: who held what when.
        needs: by kind of entry the actions of which one is needed; none: whoever counts.
    """

    def __init__(self, rights: Rights, needs: Mapping[str, tuple[Action, ...]]) -> None:
        self._needs = needs
        self._since = rights.since
        self._founder = rights.founder
        self._void = rights.void
        self._spans = {
            member: tuple((span.at, *self._allowed(span.grants())) for span in reversed(spans))
            for member, spans in rights.spans.items()
        }
        self._ungranted = self._allowed(UNGRANTED)

    def refusal(self, entry: Entry, *, hub: bool) -> str | None:
        """Return why the entry's author had no right to write it, or None.

        What a member's own device writes is judged by the roles in every project: a copy of the
        record has all of them, and most entries do not say which one they are in. A hub knows,
        and has asked before it wrote: there, a role in any project will do.
        """
        if entry.kind in _ABOUT_MEMBERS and entry.digest in self._void:
            return f"{NO_RIGHT}: {entry.kind} by {entry.by}"
        if self._since is None:
            return None
        spans = self._spans.get(entry.by)
        if spans is None:
            if entry.at < self._since or entry.by == self._founder:
                return None
            allowed = self._ungranted
        else:
            for at, everywhere, anywhere in spans:
                if entry.at >= at:
                    allowed = everywhere, anywhere
                    break
            else:
                return None
        if entry.kind in allowed[hub]:
            return None
        return f"{NO_ROLE}: {entry.kind} by {entry.by}"

    def _allowed(self, grants: Mapping[str, frozenset[Role]]) -> tuple[Any, Any]:
        """Return the kinds that these roles allow from an own device, and through a hub."""

        def kinds(projects: tuple[str | None, ...]) -> frozenset[str]:
            return frozenset(
                kind
                for kind, needs in self._needs.items()
                if not needs
                or any(decide(grants, need, each).allowed for need in needs for each in projects)
            )

        return kinds((None,)), kinds((None, *grants))
