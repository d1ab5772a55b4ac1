"""What an endpoint of one recorded run answers otherwise: its first run joins that one.

MLflow's client begins and ends runs of its own. Here the first is the run that `afield run`
records, whose end is its command's; the others are its children.
"""

from __future__ import annotations

import os
from collections.abc import Callable

import msgspec
from starlette.routing import BaseRoute

from afield.kernel.ids import RunId
from afield.members.actions import Action
from afield.mlflow_rest import app, experiments, known, runs
from afield.mlflow_rest import messages as m
from afield.mlflow_rest.answers import RUN_NAME, Answers
from afield.mlflow_rest.decode import require
from afield.mlflow_rest.known import HOME
from afield.mlflow_rest.names import check_tag
from afield.mlflow_rest.route import Call, Rpc, starlette_route
from afield.runs import events
from afield.runs.experiments.events import DEFAULT_ID
from afield.runs.live_owner import read_owner
from afield.runs.record import Record
from afield.runs.served.writer import Served
from afield.runs.values import Keeper
from afield.workspace.hosted import Hosted
from afield.workspace.workspace import Workspace

_JOINED = "mlflow-joined"
_TWINS = ("/api", "/ajax-api")
_OPEN = "SELECT id FROM runs WHERE parent = ? AND kind = 'served' AND status IN (?, ?)"


class ServedWithin(Served):
    """The runs that a recorded command begins through its endpoint: children of its own run.

    Args:
        record: the workspace's writing side.
        within: the command's run.
    """

    def __init__(self, record: Record, within: RunId) -> None:
        super().__init__(record)
        self.within = within

    def start(self, *, parent: RunId | None = None, **others: object) -> RunId:
        """Begin a run inside another, or else inside the command's."""
        return super().start(parent=parent or self.within, **others)  # type: ignore[arg-type]

    def finish(self, workspace: Workspace) -> None:
        """End what the command began and did not end, and let go of all files.

        Raises:
            OSError: the workspace cannot be written.
        """
        for run in [one for one in self._open if one == self.within]:
            self._close(run)  # its end is the recorder's
        self.settle()
        workspace.catch_up()
        found = workspace.query(_OPEN, (self.within, events.RUNNING, events.SCHEDULED))
        for (run,) in found:
            self.end(RunId(run), status="interrupted", ended_ms=self.record.now_ms())


class Joined:
    """The calls that begin and end runs, for an endpoint of one run.

    Args:
        served: the runs begun here.
    """

    def __init__(self, served: ServedWithin) -> None:
        self._run = served.within
        self._folder = served.record.live_folder(served.within)
        self._made_again: set[str] = set()
        self._told: tuple[str, int | None] | None = None

    def create(self, call: Call, asked: m.CreateRun) -> m.RunAnswer:
        """Join the command's run, or begin one inside it."""
        within = experiments.active(call, asked.experiment_id)
        call.need(Action.RUN_LOG, within.project)
        tags = dict(check_tag(tag.key, tag.value) for tag in asked.tags or ())
        if not self._is_first():
            return runs.create(call, asked)
        owner = read_owner(self._folder)
        given = () if owner is None else owner.given
        named = asked.run_name or tags.pop(RUN_NAME, None)
        chosen = {"name": named} if named else {}
        if within.id != DEFAULT_ID:
            chosen |= {"project": within.project, "experiment": within.name}
        chosen = {key: value for key, value in chosen.items() if key not in given}
        if "name" in chosen:
            tags[RUN_NAME] = chosen["name"]
        else:
            tags.pop(RUN_NAME, None)
        keeper = Keeper(call.served.record.vault, secrets=call.served.record.secrets)
        drafts = keeper.tags(self._run, tags)
        keeper.flush()
        call.append(*([events.named(self._run, **chosen)] if chosen else ()), *drafts)
        found = known.run(call.workspace, self._run)
        return m.RunAnswer(Answers(call).runs([found])[0])

    def update(self, call: Call, asked: m.UpdateRun) -> m.RunInfoAnswer:
        """End a run; the command's own goes on until the command ends."""
        if asked.run != self._run:
            return runs.update(call, asked)
        found = known.active_run(call.workspace, self._run)
        if asked.run_name:
            runs.rename(call, found.id, asked.run_name)
            call.workspace.catch_up()
            found = known.run(call.workspace, self._run)
        if isinstance(asked.status, str):
            self._told = (asked.status, asked.end_time)
        return m.RunInfoAnswer(self._as_told(Answers(call).info(found)))

    def get(self, call: Call, asked: m.RunRef) -> m.RunAnswer:
        """Return a run; to its client the command's own has ended once it said so."""
        found = runs.get(call, asked)
        return m.RunAnswer(self._seen(found.run))

    def search(self, call: Call, asked: m.SearchRuns) -> m.RunsAnswer:
        """Return a page of runs, seen likewise."""
        page = runs.search(call, asked)
        return msgspec.structs.replace(page, runs=list(map(self._seen, page.runs)))

    def named(self, call: Call, asked: m.ExperimentNamed) -> m.ExperimentAnswer:
        """Return an experiment, but in a repetition none that the first time has made."""
        found = experiments.get_by_name(call, asked)
        name = asked.experiment_name or ""
        if HOME.hides(found.experiment.creation_time) and name not in self._made_again:
            raise experiments.not_named(name)
        return found

    def make(self, call: Call, asked: m.CreateExperiment) -> m.ExperimentRef:
        """Make an experiment; in a repetition, one that the first time has made is made."""
        require(name=asked.name)
        name = asked.name or ""
        found = known.experiment_named(call.workspace, name)
        if found is not None and HOME.hides(found.made_ms) and name not in self._made_again:
            self._made_again.add(name)
            return m.ExperimentRef(found.id)
        return experiments.create(call, asked)

    def _seen(self, run: m.Run) -> m.Run:
        return msgspec.structs.replace(run, info=self._as_told(run.info))

    def _as_told(self, info: m.RunInfo) -> m.RunInfo:
        if info.run_id != self._run or self._told is None:
            return info
        status, ended_ms = self._told
        return msgspec.structs.replace(info, status=status, end_time=ended_ms)

    def _is_first(self) -> bool:
        path = os.path.join(self._folder, _JOINED)
        try:
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o644))
        except OSError:
            return False
        return True


def routes(hosted: Hosted, served: ServedWithin) -> list[BaseRoute]:
    """Return the routes of MLflow's protocol for the endpoint of a run."""
    joined = Joined(served)
    made: tuple[tuple[str, str, Action, type[msgspec.Struct], Callable[..., object]], ...] = (
        ("POST", "/runs/create", Action.RUN_LOG, m.CreateRun, joined.create),
        ("POST", "/runs/update", Action.RUN_LOG, m.UpdateRun, joined.update),
        ("GET", "/runs/get", Action.RUN_READ, m.RunRef, joined.get),
        ("POST", "/runs/search", Action.RUN_READ, m.SearchRuns, joined.search),
        ("POST", "/experiments/create", Action.EXPERIMENT_EDIT, m.CreateExperiment, joined.make),
        ("GET", "/experiments/get-by-name", Action.RUN_READ, m.ExperimentNamed, joined.named),
    )
    own = [
        starlette_route(
            f"{twin}/2.0/mlflow{path}",
            Rpc(method, path, action, message, handler),
            hosted,
            served,
        )
        for method, path, action, message, handler in made
        for twin in _TWINS
    ]
    return [*own, *app.routes(hosted, served)]
