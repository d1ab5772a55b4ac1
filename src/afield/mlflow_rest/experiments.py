"""Experiments: make, find, rename, tag, delete and bring back."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Sequence

from afield.journal import Draft
from afield.kernel.ids import RunId
from afield.members.actions import Action
from afield.mlflow_rest import known, limits
from afield.mlflow_rest import messages as m
from afield.mlflow_rest.decode import require
from afield.mlflow_rest.errors import EXISTS, STATE, Rest, invalid, missing
from afield.mlflow_rest.known import KnownExperiment
from afield.mlflow_rest.names import check_experiment_name, check_experiment_tag
from afield.mlflow_rest.route import Call, Rpc
from afield.mlflow_rest.search.experiments import search_experiments
from afield.mlflow_rest.search.pages import page_size, view_of
from afield.runs import events as runs
from afield.runs.experiments import events

_AT_ONCE = 1000


def create(call: Call, asked: m.CreateExperiment) -> m.ExperimentRef:
    """Make an experiment."""
    require(name=asked.name)
    shown = check_experiment_name(asked.name)
    tags = dict(check_experiment_tag(tag.key, tag.value) for tag in asked.tags or ())
    location = _own_location(asked.artifact_location)
    project = tags.get(known.PROJECT_TAG, known.HOME.project)
    call.need(Action.EXPERIMENT_EDIT, project)
    if known.experiment_named(call.workspace, shown) is not None:
        raise Rest(EXISTS, f"Experiment(name={shown}) already exists.")
    found = known.free_id(call.workspace, project, shown)
    made = events.made(found, project=project, name=shown, made_ms=call.now_ms(), location=location)
    call.append(made, *([events.tagged(found, tags)] if tags else ()))
    return m.ExperimentRef(found)


def get(call: Call, asked: m.ExperimentRef) -> m.ExperimentAnswer:
    """Return an experiment."""
    require(experiment_id=asked.experiment_id)
    found = _named(call, asked.experiment_id)
    call.need(Action.RUN_READ, found.project)
    return m.ExperimentAnswer(answer(call, [found])[0])


def get_by_name(call: Call, asked: m.ExperimentNamed) -> m.ExperimentAnswer:
    """Return an experiment by what it is called."""
    require(experiment_name=asked.experiment_name)
    shown = asked.experiment_name or ""
    found = known.experiment_named(call.workspace, shown)
    if found is None:
        raise not_named(shown)
    call.need(Action.RUN_READ, found.project)
    return m.ExperimentAnswer(answer(call, [found])[0])


def not_named(shown: str) -> Rest:
    """Return the answer that there is no experiment of a name."""
    return missing(f"Could not find experiment with name '{shown}'")


def search(call: Call, asked: m.SearchExperiments) -> m.ExperimentsAnswer:
    """Return a page of experiments."""
    size = page_size(asked.max_results, limits.PAGE_MAX, limits.PAGE_MAX)
    allowed = [
        one
        for one in known.experiments(call.workspace)
        if call.caller.may(Action.RUN_READ, one.project).allowed
    ]
    tags = _tags(call, [one.id for one in allowed])
    page, token = search_experiments(
        allowed,
        tags,
        view=view_of(asked.view_type),
        text=asked.filter or "",
        order_by=asked.order_by or (),
        size=size,
        token=asked.page_token,
    )
    return m.ExperimentsAnswer([_message(one, tags) for one in page], token)


def update(call: Call, asked: m.UpdateExperiment) -> None:
    """Rename an experiment, and move its runs along."""
    require(experiment_id=asked.experiment_id, new_name=asked.new_name)
    new = check_experiment_name(asked.new_name)
    found = _named(call, asked.experiment_id)
    call.need(Action.EXPERIMENT_EDIT, found.project)
    if found.deleted:
        raise Rest(STATE, "Cannot rename a non-active experiment.")
    if new == found.shown:
        return
    if known.experiment_named(call.workspace, new) is not None:
        raise Rest(EXISTS, f"Experiment(name={new}) already exists.")
    prefix = f"{found.project}/"
    name = new.removeprefix(prefix)
    drafts = [] if found.made else [_made(found)]
    drafts.append(events.renamed(found.id, project=found.project, name=name))
    drafts += [runs.named(run, experiment=name) for run in _runs_of(call, found)]
    call.append(*drafts)


def delete(call: Call, asked: m.ExperimentRef) -> None:
    """Delete an experiment and its runs; they can be brought back."""
    require(experiment_id=asked.experiment_id)
    _set_deleted(call, asked.experiment_id, gone=True)


def restore(call: Call, asked: m.ExperimentRef) -> None:
    """Bring back an experiment and its runs."""
    require(experiment_id=asked.experiment_id)
    _set_deleted(call, asked.experiment_id, gone=False)


def set_tag(call: Call, asked: m.ExperimentTag) -> None:
    """Set a tag."""
    require(experiment_id=asked.experiment_id, key=asked.key)
    key, value = check_experiment_tag(asked.key, asked.value)
    found = _active(call, asked.experiment_id)
    call.append(*_made_first(found), events.tagged(found.id, {key: value}))


def delete_tag(call: Call, asked: m.ExperimentTag) -> None:
    """Take a tag away."""
    require(experiment_id=asked.experiment_id, key=asked.key)
    found = _active(call, asked.experiment_id)
    key = asked.key or ""
    if all(tag.key != key for tag in _tags(call, [found.id]).get(found.id, ())):
        raise missing(f"No tag with name: {key} in experiment with id {found.id}")
    call.append(events.tagged(found.id, {}, [key]))


def answer(call: Call, found: Sequence[KnownExperiment]) -> list[m.Experiment]:
    """Return experiments as messages."""
    tags = _tags(call, [one.id for one in found])
    return [_message(one, tags) for one in found]


def active(call: Call, experiment: str | None) -> KnownExperiment:
    """Return an experiment that is not deleted; the default one for none.

    Raises:
        Rest: there is none of that id, or it is deleted.
    """
    found = known.experiment(call.workspace, experiment or events.DEFAULT_ID)
    if found.deleted:
        raise invalid(
            f"The experiment {found.id} must be in the 'active' state."
            f" Current state is {found.stage}."
        )
    return found


def _named(call: Call, experiment: str | None) -> KnownExperiment:
    return known.experiment(call.workspace, experiment or "")


def _active(call: Call, experiment: str | None) -> KnownExperiment:
    found = active(call, experiment)
    call.need(Action.EXPERIMENT_EDIT, found.project)
    return found


def _set_deleted(call: Call, experiment: str | None, *, gone: bool) -> None:
    found = _named(call, experiment)
    call.need(Action.EXPERIMENT_DELETE, found.project)
    if found.deleted == gone:
        stage = "active" if gone else "deleted"
        raise missing(f"No Experiment with id={found.id} exists in the '{stage}' state")
    drafts = [*_made_first(found), events.deleted(found.id, gone=gone)]
    drafts += [runs.deleted(run, gone=gone) for run in _runs_of(call, found)]
    call.append(*drafts)


def _made_first(found: KnownExperiment) -> list[Draft]:
    """Return the entry that gives an experiment which only runs mention a row of its own."""
    return [] if found.made else [_made(found)]


def _made(found: KnownExperiment) -> Draft:
    return events.made(found.id, project=found.project, name=found.name, made_ms=found.made_ms or 0)


def _runs_of(call: Call, found: KnownExperiment) -> list[RunId]:
    sql = "SELECT id FROM runs WHERE project = ? AND experiment = ?"
    return [run for (run,) in call.workspace.query(sql, (found.project, found.name))]


def _tags(call: Call, ids: Sequence[str]) -> dict[str, list[m.KeyValue]]:
    found: dict[str, list[m.KeyValue]] = {}
    for start in range(0, len(ids), _AT_ONCE):
        some = ids[start : start + _AT_ONCE]
        sql = (
            "SELECT experiment, name, value FROM experiment_tags WHERE value IS NOT NULL"
            f" AND experiment IN ({', '.join('?' * len(some))}) ORDER BY experiment, name"
        )
        for experiment, name, value in call.workspace.query(sql, some):
            found.setdefault(experiment, []).append(m.KeyValue(name, value))
    return found


def _message(found: KnownExperiment, tags: dict[str, list[m.KeyValue]]) -> m.Experiment:
    return m.Experiment(
        experiment_id=found.id,
        name=found.shown,
        artifact_location=found.artifacts,
        lifecycle_stage=found.stage,
        last_update_time=found.touched_ms,
        creation_time=found.made_ms,
        tags=tags.get(found.id, []),
    )


_OURS = re.compile(r"mlflow-artifacts:(?://[^/]*)?/(?P<path>[\w\-. /]*)")


def _own_location(location: str | None) -> str | None:
    """Return a location that is below our own root; None where the default one is meant.

    Raises:
        Rest: it is anywhere else. A server that reads where a client tells it can be made to read
            what it should not.
    """
    if not location:
        return None
    if len(location) > limits.LOCATION_CHARS_MAX:
        raise invalid(
            "Invalid artifact path length. The length of the artifact path cannot be greater than"
            f" {limits.LOCATION_CHARS_MAX} characters."
        )
    if location.startswith("runs:"):
        raise invalid(f"Artifact location cannot be a runs:/ URI. Given: '{location}'")
    found = _OURS.fullmatch(location)
    path = found["path"].strip("/") if found else ""
    if not path or posixpath.normpath(path) != path or path.startswith(".."):
        raise invalid(
            f"artifact_location '{location}' is not below this server's own artifacts: leave it"
            f" out, or give {known.ROOT}<folder>"
        )
    return known.ROOT + path


RPCS = (
    Rpc("POST", "/mlflow/experiments/create", Action.EXPERIMENT_EDIT, m.CreateExperiment, create),
    Rpc("GET", "/mlflow/experiments/get", Action.RUN_READ, m.ExperimentRef, get),
    Rpc("GET", "/mlflow/experiments/get-by-name", Action.RUN_READ, m.ExperimentNamed, get_by_name),
    Rpc("POST", "/mlflow/experiments/search", Action.RUN_READ, m.SearchExperiments, search),
    Rpc("GET", "/mlflow/experiments/search", Action.RUN_READ, m.SearchExperiments, search),
    Rpc("GET", "/mlflow/experiments/list", Action.RUN_READ, m.SearchExperiments, search),
    Rpc("POST", "/mlflow/experiments/update", Action.EXPERIMENT_EDIT, m.UpdateExperiment, update),
    Rpc("POST", "/mlflow/experiments/delete", Action.EXPERIMENT_DELETE, m.ExperimentRef, delete),
    Rpc("POST", "/mlflow/experiments/restore", Action.EXPERIMENT_DELETE, m.ExperimentRef, restore),
    Rpc(
        "POST",
        "/mlflow/experiments/set-experiment-tag",
        Action.EXPERIMENT_EDIT,
        m.ExperimentTag,
        set_tag,
    ),
    Rpc(
        "POST",
        "/mlflow/experiments/delete-experiment-tag",
        Action.EXPERIMENT_EDIT,
        m.ExperimentTag,
        delete_tag,
    ),
)
