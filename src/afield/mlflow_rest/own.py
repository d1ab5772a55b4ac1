"""Whose a run is: who logs may log to, tag and end what is theirs, and change nothing of others.

Into another's run writes who may edit runs. All that writes to one asks here.
"""

from __future__ import annotations

from afield.members.actions import Action
from afield.mlflow_rest.known import KnownRun
from afield.mlflow_rest.paths import Owned
from afield.mlflow_rest.route import Call


def need_to_log(call: Call, run: KnownRun) -> None:
    """Let pass who may log to a run: points, params, tags, an end.

    Raises:
        ActionNotAllowed: the caller may not.
    """
    call.need(Action.RUN_LOG, run.project)
    if run.member != call.caller.member:
        call.need(Action.RUN_EDIT, run.project)


def need_to_tag(call: Call, run: KnownRun) -> None:
    """Let pass who may say something of a run: who edits runs, and who logs, of an own one.

    Raises:
        ActionNotAllowed: the caller may not.
    """
    _need_to_edit(call, run.member, run.project)


def need_to_tag_model(call: Call, model: str, project: str) -> None:
    """Let pass who may say something of a logged model: as of the run that made it.

    Raises:
        ActionNotAllowed: the caller may not.
    """
    _need_to_edit(call, _member_of_model(call, model), project)


def need_to_log_model(call: Call, model: str, project: str) -> None:
    """Let pass who may log to a logged model: as to the run that made it.

    Raises:
        ActionNotAllowed: the caller may not.
    """
    call.need(Action.RUN_LOG, project)
    if _member_of_model(call, model) not in (None, call.caller.member):
        call.need(Action.RUN_EDIT, project)


def need_to_write(call: Call, owned: Owned) -> None:
    """Let pass who may put a file somewhere.

    Raises:
        ActionNotAllowed: the caller may not.
    """
    call.need(Action.ARTIFACT_WRITE, owned.project)
    if owned.kind == "run":
        member = _member(call, "SELECT member FROM runs WHERE id = ?", owned.owner)
    elif owned.kind == "model":
        member = _member_of_model(call, owned.owner)
    else:
        return
    if member not in (None, call.caller.member):
        call.need(Action.RUN_EDIT, owned.project)


def _need_to_edit(call: Call, member: str | None, project: str) -> None:
    own = member == call.caller.member
    if not (own and call.caller.may(Action.RUN_LOG, project).allowed):
        call.need(Action.RUN_EDIT, project)


def _member_of_model(call: Call, model: str) -> str | None:
    sql = "SELECT r.member FROM logged_models m JOIN runs r ON r.id = m.run WHERE m.id = ?"
    return _member(call, sql, model)


def _member(call: Call, sql: str, owner: str) -> str | None:
    return next((str(member) for (member,) in call.workspace.query(sql, (owner,))), None)
