"""The one explicit list of what can be searched; a room that has documents is one line here."""

from __future__ import annotations

from afield.datasets.documents import DOCUMENTS as DATASETS
from afield.members.actions import Action
from afield.members.documents import DOCUMENTS as MEMBERS
from afield.projection.documents import Documents
from afield.registry.documents import DOCUMENTS as REGISTRY
from afield.runs.documents import DOCUMENTS as RUNS
from afield.teamwork.documents import DOCUMENTS as TEAMWORK
from afield.traces.documents import DOCUMENTS as TRACES

SOURCES: tuple[Documents, ...] = (RUNS, DATASETS, REGISTRY, TRACES, TEAMWORK, MEMBERS)

NEEDED: dict[str, Action] = {
    "run": Action.RUN_READ,
    "note": Action.RUN_READ,
    "dataset": Action.DATA_READ,
    "model": Action.MODEL_READ,
    "trace": Action.TRACE_READ,
    **dict.fromkeys(TEAMWORK.sorts, Action.TEAM_READ),
    "member": Action.MEMBER_READ,
}
"""What somebody has to be allowed who is to find a document of a sort; in the order of answers."""

SORTS = tuple(NEEDED)
