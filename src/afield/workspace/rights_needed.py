"""By kind of entry, what its author must be allowed to do for it to count: one list for all rooms.

A kind that a room folds and that is not here counts from nobody but the founder once roles were
granted; a test says so before that. What a role allows is in `members.roles`.
"""

from __future__ import annotations

from collections.abc import Mapping

from afield.datasets import events as datasets
from afield.members.actions import Action
from afield.members.gate import ANYONE
from afield.members.gate import NEEDS as OF_MEMBERS
from afield.registry import events as registry
from afield.runs import events as runs
from afield.runs.experiments import events as experiments
from afield.runs.models import events as models
from afield.sync.events import SEEN
from afield.teamwork.fold import EVENTS as TEAMWORK
from afield.traces import events as traces

_LOG = (Action.RUN_LOG,)
_LOG_OR_EDIT = (Action.RUN_LOG, Action.RUN_EDIT)
_DATA = (Action.DATA_WRITE,)
_EXPERIMENT = (Action.RUN_LOG, Action.EXPERIMENT_EDIT)
_KEEP = (Action.ARTIFACT_WRITE,)
_REGISTER = (Action.MODEL_REGISTER,)
_STAGE = (Action.MODEL_STAGE,)
_TRACE = (Action.TRACE_LOG,)
_TRACE_OR_EDIT = (Action.TRACE_LOG, Action.RUN_EDIT)

NEEDS: Mapping[str, tuple[Action, ...]] = {
    **OF_MEMBERS,
    SEEN: ANYONE,
    runs.STARTED: _LOG,
    runs.PARAMS: _LOG,
    runs.SUMMARY: _LOG,
    runs.CAPTURED: _LOG,
    runs.MEASURED: _LOG,
    runs.ENDED: _LOG,
    runs.REPRODUCED: _LOG,
    runs.IMPORTED: _LOG,
    runs.REOPENED: _LOG,
    runs.SAVED: (Action.ARTIFACT_WRITE,),
    runs.TAGGED: _LOG_OR_EDIT,
    runs.NAMED: _LOG_OR_EDIT,
    runs.NOTED: _LOG_OR_EDIT,
    runs.DELETED: (Action.RUN_DELETE,),
    experiments.MADE: _EXPERIMENT,
    experiments.RENAMED: (Action.EXPERIMENT_EDIT,),
    experiments.TAGGED: _EXPERIMENT,
    experiments.DELETED: (Action.EXPERIMENT_DELETE,),
    models.MADE: _LOG,
    models.PARAMS: _LOG,
    models.TAGGED: _LOG_OR_EDIT,
    models.STATE: _LOG,
    models.MEASURED: _LOG,
    models.SAVED: _KEEP,
    models.DELETED: (Action.RUN_DELETE,),
    models.TOOK: _LOG,
    models.GAVE: _LOG,
    models.KEPT: _KEEP,
    registry.MADE: _REGISTER,
    registry.RENAMED: _REGISTER,
    registry.VERSIONED: _REGISTER,
    registry.DESCRIBED: _REGISTER,
    registry.TAGGED: _REGISTER,
    registry.STAGED: _STAGE,
    registry.ALIASED: _STAGE,
    registry.DELETED: (Action.MODEL_DELETE,),
    traces.TOLD: _TRACE,
    traces.SPANNED: _TRACE,
    traces.TAGGED: _TRACE_OR_EDIT,
    traces.ASSESSED: _TRACE_OR_EDIT,
    traces.UNASSESSED: _TRACE_OR_EDIT,
    traces.LINKED: _TRACE_OR_EDIT,
    traces.DELETED: (Action.RUN_DELETE,),
    datasets.ADDED: _DATA,
    datasets.CARDED: _DATA,
    datasets.DROPPED: _DATA,
    **dict.fromkeys(TEAMWORK, (Action.TEAM_WRITE,)),
}
"""The actions of which one is needed to write an entry of each kind."""
