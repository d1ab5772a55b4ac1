"""Traces: tagged, linked and deleted."""

from __future__ import annotations

from collections.abc import Sequence

from afield.journal import Draft
from afield.members.actions import Action
from afield.mlflow_rest import known, limits
from afield.mlflow_rest.decode import missing_value, require
from afield.mlflow_rest.errors import invalid, missing
from afield.mlflow_rest.known import KnownExperiment
from afield.mlflow_rest.names import check_key, check_length
from afield.mlflow_rest.paths import of_path
from afield.mlflow_rest.registry_answers import keep_tags
from afield.mlflow_rest.route import Call, Rpc
from afield.mlflow_rest.traces import messages as tm
from afield.mlflow_rest.traces.known import (
    artifacts_of,
    check_id,
    kept_id,
    may_edit,
    place_of,
    project_of,
)
from afield.mlflow_rest.traces.limits import BATCH_MAX, DELETED_MAX, LINKS_MAX, TAG_CHARS_MAX
from afield.traces import events, query


def delete(call: Call, asked: tm.Delete) -> dict[str, int]:
    """Delete traces of an experiment: those with given ids, or the oldest ones."""
    require(experiment_id=asked.experiment_id)
    ids = asked.request_ids or asked.trace_ids or []
    _check_deletion(asked, ids)
    within = known.experiment(call.workspace, asked.experiment_id or "")
    call.need(Action.RUN_DELETE, within.project)
    place = place_of(within)
    if ids:
        gone = [
            one.id
            for one in query.traces_of(call.workspace.query, [kept_id(each) for each in ids])
            if one.experiment == place
        ]
    else:
        sql = (
            f"SELECT t.id FROM traces t WHERE {query.THERE} AND {query.EXPERIMENT} = ?"
            f" AND {query.REQUEST_MS} <= ? ORDER BY {query.REQUEST_MS}, t.id LIMIT ?"
        )
        most = DELETED_MAX if asked.max_traces is None else min(asked.max_traces, DELETED_MAX)
        rows = call.workspace.query(sql, (place, asked.max_timestamp_millis, most))
        gone = [trace for (trace,) in rows]
    files = [each for trace in gone for each in _files_of(call, within, trace)]
    call.append(*files, *(events.deleted(trace, gone=True) for trace in gone))
    return {"traces_deleted": len(gone)}


def set_tag(call: Call, asked: tm.Tag) -> None:
    """Set a tag; a value that is too long is cut."""
    if asked.key is None or asked.key == "":
        raise missing_value("key")
    key = check_length("key", check_key(asked.key, "key"), limits.KEY_CHARS_MAX)
    found = may_edit(call, call.path["trace_id"])
    kept = keep_tags(call, {key: (asked.value or "")[:TAG_CHARS_MAX]})
    call.append(*(events.tagged(found.id, values, refs=refs) for values, refs in kept))


def delete_tag(call: Call, asked: tm.Tag) -> None:
    """Take a tag away."""
    require(key=asked.key)
    found = may_edit(call, call.path["trace_id"])
    key = asked.key or ""
    if key not in query.tags(call.workspace.query, [found.id]).get(found.id, {}):
        raise missing(f"No trace tag with key '{key[:250]}' for trace with ID '{found.id}'")
    call.append(events.tagged(found.id, {}, [key]))


def link_to_run(call: Call, asked: tm.ToRun) -> None:
    """Link traces to a run."""
    require(run_id=asked.run_id)
    ids = [check_id(trace) for trace in dict.fromkeys(asked.trace_ids or ())]
    if len(ids) > LINKS_MAX:
        raise invalid(
            f"Cannot link more than {LINKS_MAX} traces to a run in a single request. Provided"
            f" {len(ids)} traces."
        )
    run = known.run(call.workspace, asked.run_id or "")
    for action in (Action.RUN_LOG, Action.RUN_EDIT):
        if call.caller.may(action, run.project).allowed:
            break
    else:
        call.need(Action.RUN_EDIT, run.project)
    for one in query.traces_of(call.workspace.query, ids):
        call.need(Action.TRACE_READ, project_of(call, one.experiment))
    call.append(*(events.linked(trace, runs=[run.id]) for trace in ids))


def link_prompts(call: Call, asked: tm.ToPrompts) -> None:
    """Link versions of prompts to a trace."""
    require(trace_id=asked.trace_id)
    found = may_edit(call, asked.trace_id)
    prompts = []
    for each in (asked.prompt_versions or ())[: LINKS_MAX + 1]:
        require(name=each.name, version=each.version)
        prompts.append(check_length("name", f"{each.name}/{each.version}", limits.KEY_CHARS_MAX))
    if len(prompts) > LINKS_MAX:
        raise invalid(f"at most {LINKS_MAX} versions of prompts in a request")
    if prompts:
        call.append(events.linked(found.id, prompts=prompts))


def _files_of(call: Call, within: KnownExperiment, trace: str) -> list[Draft]:
    """Return the entries that take away what a client put beside a trace."""
    owned = of_path(call, artifacts_of(within, trace).removeprefix(known.ROOT))
    return [owned.removed(path) for path in sorted(set(owned.below(call)))]


def _check_deletion(asked: tm.Delete, ids: Sequence[str]) -> None:
    """Refuse a deletion that says too little or too much.

    Raises:
        Rest: it does.
    """
    if asked.max_timestamp_millis is None and not ids:
        raise invalid("Either `max_timestamp_millis` or `trace_ids` must be specified.")
    if asked.max_timestamp_millis and ids:
        raise invalid("Only one of `max_timestamp_millis` and `trace_ids` can be specified.")
    if ids and asked.max_traces is not None:
        raise invalid("`max_traces` can't be specified if `trace_ids` is specified.")
    if asked.max_traces is not None and asked.max_traces <= 0:
        raise invalid(f"`max_traces` must be a positive integer, received {asked.max_traces}.")
    if len(ids) > BATCH_MAX:
        raise invalid(f"at most {BATCH_MAX} traces in a request")


_AT = "/mlflow/traces"
_BOTH = ("2.0", "3.0")
RPCS = (
    Rpc("POST", f"{_AT}/delete-traces", Action.RUN_DELETE, tm.Delete, delete, _BOTH),
    Rpc("POST", f"{_AT}/link-to-run", Action.RUN_READ, tm.ToRun, link_to_run, _BOTH),
    Rpc("POST", f"{_AT}/link-prompts", Action.RUN_READ, tm.ToPrompts, link_prompts, _BOTH),
    Rpc("PATCH", f"{_AT}/{{trace_id}}/tags", Action.RUN_READ, tm.Tag, set_tag, _BOTH),
    Rpc("DELETE", f"{_AT}/{{trace_id}}/tags", Action.RUN_READ, tm.Tag, delete_tag, _BOTH),
)
