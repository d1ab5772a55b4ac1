"""Finding traces and their experiments, for callers who may."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Sequence

from afield.members.actions import Action
from afield.mlflow_rest import known
from afield.mlflow_rest.errors import Rest, invalid, missing
from afield.mlflow_rest.known import HOME, KnownExperiment
from afield.mlflow_rest.limits import SEARCHED_EXPERIMENTS_MAX
from afield.mlflow_rest.route import Call
from afield.runs.experiments.events import DEFAULT_ID, id_of
from afield.traces import query
from afield.traces.limits import ID_CHARS_MAX
from afield.traces.query import Trace

_ONE_BY_ONE_MAX = 10
LOCATION = "mlflow.artifactLocation"
_ID = re.compile(r"[\w\-.:~+=@ ]+")


def kept_id(trace: str) -> str:
    """Return the id by which entries name what a client calls so.

    A command that is repeated draws the same random ids again: its traces are not those of then.
    """
    return trace if HOME.hidden is None else f"{trace}~{HOME.hidden[1]:x}"


def shown_id(trace: str) -> str:
    """Return the id by which the client of this process knows a trace."""
    return trace if HOME.hidden is None else trace.removesuffix(f"~{HOME.hidden[1]:x}")


def check_id(trace: str | None) -> str:
    """Return the id of an entry, for one that a trace can have.

    Raises:
        Rest: it is none.
    """
    if not trace or len(trace) > ID_CHARS_MAX or not _ID.fullmatch(trace):
        shown = (trace or "")[:100]
        raise invalid(f"Invalid value '{shown}' for parameter 'trace_id' supplied.")
    return kept_id(trace)


def place_of(experiment: KnownExperiment) -> str:
    """Return the id by which entries name an experiment."""
    if experiment.id == DEFAULT_ID and not HOME.is_default:
        return id_of(HOME.project, known.DEFAULT)
    return experiment.id


def shown_place(place: str) -> str:
    """Return the id by which clients of this process name the experiment of an entry."""
    if not HOME.is_default and place == id_of(HOME.project, known.DEFAULT):
        return DEFAULT_ID
    return place


def project_of(call: Call, place: str) -> str:
    """Return the project of an experiment; that of the process where nobody knows it any more."""
    try:
        return known.experiment(call.workspace, shown_place(place)).project
    except Rest:
        return HOME.project


def artifacts_of(experiment: KnownExperiment, trace: str) -> str:
    """Return where a client may put files of a trace."""
    return f"{experiment.artifacts}/traces/{trace}/artifacts"


def trace_of(call: Call, trace: str | None, action: Action) -> Trace:
    """Return a trace, to which the caller may do something.

    Raises:
        Rest: there is none.
        ActionNotAllowed: the caller may not.
    """
    found = query.traces_of(call.workspace.query, [kept_id(trace or "")])
    if not found:
        raise missing(f"Trace with ID '{trace}' not found.")
    call.need(action, project_of(call, found[0].experiment))
    return found[0]


def traces_of(call: Call, ids: Sequence[str]) -> list[Trace]:
    """Return those of some traces that are there and that the caller may see, in order."""
    found = query.traces_of(call.workspace.query, [kept_id(each) for each in ids])
    may: dict[str, bool] = {}
    for one in found:
        if one.experiment not in may:
            project = project_of(call, one.experiment)
            may[one.experiment] = call.caller.may(Action.TRACE_READ, project).allowed
    return [one for one in found if may[one.experiment]]


def places_of(call: Call, ids: Sequence[str]) -> list[str]:
    """Return the places of those of some experiments that are there and that the caller may see.

    Raises:
        Rest: they are too many.
    """
    wanted = list(dict.fromkeys(ids))
    if len(wanted) > SEARCHED_EXPERIMENTS_MAX:
        raise invalid(f"at most {SEARCHED_EXPERIMENTS_MAX} experiments in a request")
    if len(wanted) > _ONE_BY_ONE_MAX:
        every = {one.id: one for one in known.experiments(call.workspace)}
        found = [every[each] for each in wanted if each in every]
    else:
        found = []
        for each in wanted:
            with contextlib.suppress(Rest):  # nothing is in an experiment that is not there
                found.append(known.experiment(call.workspace, each))
    return [
        place_of(one) for one in found if call.caller.may(Action.TRACE_READ, one.project).allowed
    ]


def may_log(call: Call, experiment: KnownExperiment, ids: Sequence[str]) -> list[Trace]:
    """Return those of some ids of entries that are there, when the caller may log to all.

    Raises:
        ActionNotAllowed: the caller may not log to the experiment, or to one of the traces.
    """
    call.need(Action.TRACE_LOG, experiment.project)
    found = query.traces_of(call.workspace.query, ids)
    for place in {one.experiment for one in found} - {place_of(experiment)}:
        call.need(Action.TRACE_LOG, project_of(call, place))
    return found


def may_edit(call: Call, trace: str | None) -> Trace:
    """Return a trace that the caller may tag and assess.

    Raises:
        Rest: there is none.
        ActionNotAllowed: the caller may neither log traces nor edit.
    """
    found = query.traces_of(call.workspace.query, [kept_id(trace or "")])
    if not found:
        raise missing(f"Trace with ID '{trace}' not found.")
    project = project_of(call, found[0].experiment)
    if not call.caller.may(Action.RUN_EDIT, project).allowed:
        call.need(Action.TRACE_LOG, project)
    return found[0]
