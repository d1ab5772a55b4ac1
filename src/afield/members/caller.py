"""Who asks for something, and by which right: what a route or command hands to `decide`.

Made by whoever has checked who it is (a session, a token, a device, the person at the machine);
nothing is checked or looked up here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from afield.kernel.ids import MemberId
from afield.members.actions import Action
from afield.members.decide import Decision, decide
from afield.members.errors import ActionNotAllowed
from afield.members.roles import EVERY_PROJECT, Role

How = Literal["local", "session", "token", "device"]


@dataclass(frozen=True, slots=True)
class Caller:
    """A member who asks, with the roles that count now.

    Attributes:
        member: who it is.
        roles: the roles that the member holds, by project; `*` is every project.
        token_scope: the actions that the token allows, when it came with one; None: all.
        how: by what it is known.
        only_project: the one project that the token is good for; None: all.
    """

    member: MemberId
    roles: Mapping[str, frozenset[Role]]
    token_scope: frozenset[Action] | None = None
    how: How = "local"
    only_project: str | None = None

    @classmethod
    def local(cls, member: MemberId) -> Caller:
        """Return the person at the machine that holds the record, who may everything."""
        return cls(member, MappingProxyType({EVERY_PROJECT: frozenset({Role.ADMIN})}))

    def may(self, action: Action, project: str | None = None) -> Decision:
        """Decide whether the caller may do something; a token only ever takes rights away."""
        if self.token_scope is not None and action not in self.token_scope:
            return Decision(allowed=False, reason=f"the token does not allow {action}")
        if self.only_project is not None and project != self.only_project:
            return Decision(
                allowed=False, reason=f"the token is for project {self.only_project} only"
            )
        return decide(self.roles, action, project)

    def need(self, action: Action, project: str | None = None) -> None:
        """Do nothing when the caller may do something.

        Raises:
            ActionNotAllowed: the caller may not.
        """
        decision = self.may(action, project)
        if not decision.allowed:
            raise ActionNotAllowed("not allowed", action, decision.reason, action=action)

    def may_anywhere(self, action: Action) -> bool:
        """Tell whether there is a project in which the caller may do something.

        For a list over projects, which then leaves out the others.
        """
        if self.only_project is not None:
            return self.may(action, self.only_project).allowed
        return any(self.may(action, project).allowed for project in self.roles)
