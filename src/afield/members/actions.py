"""What a member can do to a record: the words that roles, tokens and routes are written in.

Names only. Who may do which of them is in `roles`; the decision is in `decide`.
"""

from __future__ import annotations

from enum import StrEnum


class Action(StrEnum):
    """One kind of thing that is allowed or not; the part before the dot is what it is done to."""

    RUN_READ = "run.read"
    RUN_LOG = "run.log"
    RUN_EDIT = "run.edit"
    RUN_DELETE = "run.delete"
    ARTIFACT_READ = "artifact.read"
    ARTIFACT_WRITE = "artifact.write"
    EXPERIMENT_EDIT = "experiment.edit"
    EXPERIMENT_DELETE = "experiment.delete"
    MODEL_READ = "model.read"
    MODEL_REGISTER = "model.register"
    MODEL_STAGE = "model.stage"
    MODEL_DELETE = "model.delete"
    TRACE_READ = "trace.read"
    TRACE_LOG = "trace.log"
    DATA_READ = "data.read"
    DATA_WRITE = "data.write"
    TEAM_READ = "team.read"
    TEAM_WRITE = "team.write"
    MEMBER_READ = "member.read"
    MEMBER_MANAGE = "member.manage"
    TOKEN_OWN = "token.own"  # noqa: S105 - the name of an action
    AUDIT_READ = "audit.read"
    HUB_MANAGE = "hub.manage"
    SYNC_PULL = "sync.pull"
    SYNC_PUSH = "sync.push"
    PERSONAL_ERASE = "personal.erase"
