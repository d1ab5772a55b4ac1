"""Runs: begin, end, find, rename, delete and bring back."""

from __future__ import annotations

from afield.kernel.ids import RunId, new_run_id
from afield.members.actions import Action
from afield.mlflow_rest import experiments, known, limits
from afield.mlflow_rest import messages as m
from afield.mlflow_rest.answers import RUN_NAME, Answers
from afield.mlflow_rest.creations import Creations
from afield.mlflow_rest.decode import require
from afield.mlflow_rest.errors import Rest, invalid
from afield.mlflow_rest.known import KnownExperiment, KnownRun
from afield.mlflow_rest.names import check_tag
from afield.mlflow_rest.own import need_to_log
from afield.mlflow_rest.reopen import go_on
from afield.mlflow_rest.route import Call, Rpc
from afield.mlflow_rest.search.pages import page_size, view_of
from afield.mlflow_rest.search.runs import STATUSES, RunSearch
from afield.runs import events
from afield.runs.names import default_name

PARENT = "mlflow.parentRunId"
_PAGE = 1000
_NUMBERED = {"1": "RUNNING", "2": "SCHEDULED", "3": "FINISHED", "4": "FAILED", "5": "KILLED"}
_OURS = {theirs: ours for ours, theirs in reversed(STATUSES.items())} | {"KILLED": "killed"}
_COLUMNS = (
    "r.id, r.name, r.project, r.experiment, r.kind, r.status, r.started_ms, r.ended_ms, r.deleted,"
    " r.logged_by, r.member"
)


def create(call: Call, asked: m.CreateRun) -> m.RunAnswer:
    """Begin a run; of a request that is sent again, the run that it has begun already."""
    within = experiments.active(call, asked.experiment_id)
    call.need(Action.RUN_LOG, within.project)
    tags = dict(check_tag(tag.key, tag.value) for tag in asked.tags or ())
    named = tags.get(RUN_NAME)
    if asked.run_name and named and asked.run_name != named:
        raise invalid(
            "Both 'run_name' argument and 'mlflow.runName' tag are specified, but with different"
            f" values (run_name='{asked.run_name}', mlflow.runName='{named}')."
        )
    creations = Creations(call.workspace.record)
    again = creations.begun(call, asked)
    if again is not None:
        return m.RunAnswer(_whole(call, known.run(call.workspace, again)))
    run = new_run_id()
    name = asked.run_name or named or default_name(run)
    tags[RUN_NAME] = name
    with creations.making(call, asked, run):
        call.served.start(
            project=within.project,
            experiment=within.name,
            name=name,
            started_ms=asked.start_time or 0,
            tags=tags,
            logged_by=asked.user_id or tags.get("mlflow.user"),
            parent=_parent(call, tags.get(PARENT)),
            by=call.caller.member,
            run=run,
        )
    call.workspace.catch_up()
    return m.RunAnswer(_whole(call, known.run(call.workspace, run), within))


def get(call: Call, asked: m.RunRef) -> m.RunAnswer:
    """Return a run."""
    require(run_id=asked.run)
    found = known.run(call.workspace, asked.run or "")
    call.need(Action.RUN_READ, found.project)
    return m.RunAnswer(_whole(call, found))


def update(call: Call, asked: m.UpdateRun) -> m.RunInfoAnswer:
    """End a run, let it go on, or give it another name."""
    require(run_id=asked.run)
    found = known.active_run(call.workspace, asked.run or "")
    need_to_log(call, found)
    status = _status(asked.status)
    if asked.run_name:
        rename(call, found.id, asked.run_name)
    if status is not None or asked.end_time is not None:
        _move(call, found, status or found.status, asked.end_time)
    call.workspace.catch_up()
    return m.RunInfoAnswer(Answers(call).info(known.run(call.workspace, found.id)))


def rename(call: Call, run: RunId, name: str) -> None:
    """Give a run another name, which is a tag, too."""
    _, name = check_tag(RUN_NAME, name)
    call.append(events.named(run, name), events.tagged(run, {RUN_NAME: name}))


def delete(call: Call, asked: m.RunRef) -> None:
    """Delete a run; it can be brought back."""
    require(run_id=asked.run)
    found = known.run(call.workspace, asked.run or "")
    call.need(Action.RUN_DELETE, found.project)
    if not found.deleted:
        call.append(events.deleted(found.id, gone=True))


def restore(call: Call, asked: m.RunRef) -> None:
    """Bring back a run."""
    require(run_id=asked.run)
    found = known.run(call.workspace, asked.run or "")
    call.need(Action.RUN_DELETE, found.project)
    if found.deleted:
        call.append(events.deleted(found.id, gone=False))


def search(call: Call, asked: m.SearchRuns) -> m.RunsAnswer:
    """Return a page of runs."""
    size = page_size(asked.max_results, _PAGE, limits.PAGE_MAX)
    within = _within(call, asked.experiment_ids or ())
    wanted = RunSearch(
        within,
        view=view_of(asked.run_view_type),
        text=asked.filter or "",
        order_by=asked.order_by or (),
    )
    if wanted.measures:
        _tell(call)
    rows, token = wanted.page(call.workspace, _COLUMNS, size=size, token=asked.page_token)
    return m.RunsAnswer(Answers(call, within).runs([KnownRun(*row) for row in rows]), token)


def _tell(call: Call) -> None:
    """Write down how far running runs are: on the server's own behalf, for whoever asks may not."""
    drafts = call.served.measure(call.served.watched.running())
    if drafts:
        call.served.record.journal.append_many(drafts)
        call.workspace.catch_up()


def _whole(call: Call, found: KnownRun, *within: KnownExperiment) -> m.Run:
    return Answers(call, within).runs([found])[0]


def _within(call: Call, ids: tuple[str, ...] | list[str]) -> list[KnownExperiment]:
    """Return the experiments asked for that are there, and that the caller may read."""
    if len(ids) > limits.SEARCHED_EXPERIMENTS_MAX:
        raise invalid(f"at most {limits.SEARCHED_EXPERIMENTS_MAX} experiments are searched at once")
    found = []
    for each in dict.fromkeys(ids):
        try:
            one = known.experiment(call.workspace, each)
        except Rest:  # MLflow finds nothing in an experiment that is not there
            continue
        if call.caller.may(Action.RUN_READ, one.project).allowed:
            found.append(one)
    return found


def _status(asked: str | int | None) -> str | None:
    if asked is None:
        return None
    name = _NUMBERED.get(str(asked), str(asked).upper())
    if name not in _OURS:
        raise invalid(
            f"Invalid value '{asked}' for parameter 'status' supplied: one of {sorted(_OURS)}"
        )
    return _OURS[name]


def _move(call: Call, found: KnownRun, status: str, ended_ms: int | None) -> None:
    if status in (events.RUNNING, events.SCHEDULED):
        if found.status not in (events.RUNNING, events.SCHEDULED):
            go_on(call, found)
        kept_ms = found.ended_ms if ended_ms is None else ended_ms
        scheduled = status == events.SCHEDULED
        if (status, kept_ms) != (found.status, found.ended_ms):
            call.append(events.reopened(found.id, scheduled=scheduled, ended_ms=kept_ms))
        return
    if ended_ms is None:
        ended_ms = found.ended_ms
    if not call.served.is_open(found.id):
        go_on(call, found)
    # a client that does not say when is not answered with a time that was made up
    call.served.end(found.id, status=status, ended_ms=ended_ms, by=call.caller.member)


def _parent(call: Call, tag: str | None) -> RunId | None:
    """Return the run inside which one is begun, if it is one of ours."""
    if not tag:
        return None
    rows = call.workspace.query("SELECT id FROM runs WHERE id = ?", (tag,))
    return RunId(rows[0][0]) if rows else None


RPCS = (
    Rpc("POST", "/mlflow/runs/create", Action.RUN_LOG, m.CreateRun, create),
    Rpc("GET", "/mlflow/runs/get", Action.RUN_READ, m.RunRef, get),
    Rpc("POST", "/mlflow/runs/update", Action.RUN_LOG, m.UpdateRun, update),
    Rpc("POST", "/mlflow/runs/delete", Action.RUN_DELETE, m.RunRef, delete),
    Rpc("POST", "/mlflow/runs/restore", Action.RUN_DELETE, m.RunRef, restore),
    Rpc("POST", "/mlflow/runs/search", Action.RUN_READ, m.SearchRuns, search),
)
