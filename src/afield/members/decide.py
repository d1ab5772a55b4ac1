"""The one decision on who may do what: pure, and no unless a role says yes.

The API, the page, MLflow's protocol and the fold of entries all ask here. Knows no request,
no table and no clock: whoever asks says which roles the member holds.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple, TypeAlias

from afield.members.actions import Action
from afield.members.roles import ALLOWED, ANYWHERE, EVERY_PROJECT, WHOLE, Role

Grants: TypeAlias = Mapping[str, frozenset[Role]]
"""The roles that a member holds, by project; `*` is every project and the record as a whole."""


class Decision(NamedTuple):
    """Whether something is allowed; `reason` says by which role, or what is missing."""

    allowed: bool
    reason: str


def decide(grants: Grants, action: Action, project: str | None = None) -> Decision:
    """Decide whether a member may do something.

    Args:
        grants: the roles that the member holds.
        action: what is to be done.
        project: the project of what it is done to; None: no one project's, as of the record
            as a whole or of all projects together. Only roles in every project count then.
    """
    if project == EVERY_PROJECT:
        project = None
    for role in sorted(grants.get(EVERY_PROJECT, ())):
        if action in ALLOWED[role]:
            return Decision(allowed=True, reason=f"{role} in every project")
    if action in WHOLE:
        return _on_the_whole(grants, action)
    if project is not None:
        for role in sorted(grants.get(project, ())):
            if action in ALLOWED[role]:
                return Decision(allowed=True, reason=f"{role} in {project}")
    where = "every project" if project is None else project
    return Decision(allowed=False, reason=f"no role in {where} allows {action}")


def _on_the_whole(grants: Grants, action: Action) -> Decision:
    if action in ANYWHERE:
        for project, roles in sorted(grants.items()):
            for role in sorted(roles):
                if action in ALLOWED[role]:
                    return Decision(allowed=True, reason=f"{role} in {project}")
    return Decision(allowed=False, reason=f"no role in every project allows {action}")
