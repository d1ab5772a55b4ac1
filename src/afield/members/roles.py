"""The roles that a member can hold in a project, and what each of them allows.

The one table of rights. A role lists all that it allows: nothing is inherited, so that what
a role may do is read in one place. Nothing is decided here; see `decide`.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from afield.members.actions import Action

EVERY_PROJECT = "*"


class Role(StrEnum):
    """What a member is in a project, or in every project."""

    VIEWER = "viewer"
    LOGGER = "logger"
    DEVELOPER = "developer"
    REVIEWER = "reviewer"
    DEPLOYER = "deployer"
    PRIVACY_OFFICER = "privacy-officer"
    AUDITOR = "auditor"
    ADMIN = "admin"


WHOLE = frozenset(
    {
        Action.MEMBER_READ,
        Action.MEMBER_MANAGE,
        Action.TOKEN_OWN,
        Action.AUDIT_READ,
        Action.HUB_MANAGE,
        Action.SYNC_PULL,
        Action.SYNC_PUSH,
        Action.PERSONAL_ERASE,
    }
)
"""Actions on the record as a whole: a role in one project allows none of them, save `ANYWHERE`."""

ANYWHERE = frozenset({Action.MEMBER_READ, Action.TOKEN_OWN})
"""Actions on the whole that a role in any one project is enough for."""

_LOOK = frozenset(
    {
        Action.RUN_READ,
        Action.ARTIFACT_READ,
        Action.MODEL_READ,
        Action.TRACE_READ,
        Action.DATA_READ,
        Action.TEAM_READ,
        Action.MEMBER_READ,
        Action.TOKEN_OWN,
        Action.SYNC_PULL,
    }
)
_LOG = frozenset(
    {Action.RUN_LOG, Action.ARTIFACT_WRITE, Action.TRACE_LOG, Action.SYNC_PUSH},
)

ALLOWED: Mapping[Role, frozenset[Action]] = MappingProxyType(
    {
        Role.VIEWER: _LOOK,
        Role.LOGGER: _LOG
        | {Action.RUN_READ, Action.ARTIFACT_READ, Action.MEMBER_READ, Action.TOKEN_OWN},
        Role.DEVELOPER: _LOOK
        | _LOG
        | {
            Action.RUN_EDIT,
            Action.RUN_DELETE,
            Action.EXPERIMENT_EDIT,
            Action.EXPERIMENT_DELETE,
            Action.MODEL_REGISTER,
            Action.DATA_WRITE,
            Action.TEAM_WRITE,
        },
        Role.REVIEWER: _LOOK | {Action.RUN_EDIT, Action.TEAM_WRITE, Action.SYNC_PUSH},
        Role.DEPLOYER: _LOOK | {Action.MODEL_STAGE, Action.TEAM_WRITE, Action.SYNC_PUSH},
        Role.PRIVACY_OFFICER: _LOOK
        | {Action.AUDIT_READ, Action.PERSONAL_ERASE, Action.TEAM_WRITE, Action.SYNC_PUSH},
        Role.AUDITOR: _LOOK | {Action.AUDIT_READ},
        Role.ADMIN: frozenset(Action),
    }
)
"""What each role allows."""
