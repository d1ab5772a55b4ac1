"""Finding experiments and runs: what MLflow calls by an id, and the record by project and name.

An experiment that was made by hand or by this protocol has a row of its own; one that only runs
mention has not, and its id is worked out from its words.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from afield.kernel.ids import RunId
from afield.mlflow_rest.errors import invalid, missing
from afield.mlflow_rest.names import check_experiment_id, check_run_id
from afield.runs.experiments.events import DEFAULT_ID, id_of
from afield.workspace.workspace import Workspace

DEFAULT = "default"
DEFAULT_NAME = "Default"
ROOT = "mlflow-artifacts:/"
PROJECT_TAG = "afield.project"
ACTIVE, DELETED = "active", "deleted"

_NUMBER = re.compile(r"-?\d{1,64}")
_ROW = "id, project, name, location, deleted, made_ms, touched_ms, made_at"
_RUN = (
    "id, name, project, experiment, kind, status, started_ms, ended_ms, deleted, logged_by, member"
)


@dataclass(slots=True)
class Home:
    """The project of runs whose client names none; a process has one.

    A hub's is `default`. The endpoint of one recorded run has that run's own project, and when it
    repeats another, what began after that one and before itself is `hidden` (Unix milliseconds, the
    second excluded): the command is to meet what it met the first time.
    """

    project: str = DEFAULT
    hidden: tuple[int, int] | None = None

    @property
    def is_default(self) -> bool:
        """Whether its experiment `default` has the id of every workspace's."""
        return self.project == DEFAULT

    def is_at(self, project: str, experiment: str) -> bool:
        """Tell whether these words name its experiment `default`."""
        return (self.project, DEFAULT) == (project, experiment)

    def hides(self, began_ms: int | None) -> bool:
        """Tell whether the command is not to meet what began at a time."""
        return self.hidden is not None and self.hidden[0] <= (began_ms or 0) < self.hidden[1]


HOME = Home()


@dataclass(frozen=True, slots=True)
class KnownExperiment:
    """An experiment.

    Attributes:
        id: as MLflow's clients have it, decimal digits.
        made: it has an entry of its own.
        order: sorts experiments as they were made; those that nobody made come first.
    """

    id: str
    project: str
    name: str
    location: str | None = None
    deleted: bool = False
    made_ms: int | None = None
    touched_ms: int | None = None
    made: bool = True
    order: bytes = b""

    @property
    def shown(self) -> str:
        """What MLflow's clients call it."""
        if self.id == DEFAULT_ID and HOME.is_at(self.project, self.name):
            return DEFAULT_NAME
        return self.name if self.project == HOME.project else f"{self.project}/{self.name}"

    @property
    def stage(self) -> str:
        """`active` or `deleted`."""
        return DELETED if self.deleted else ACTIVE

    @property
    def artifacts(self) -> str:
        """Where its files are."""
        return self.location or f"{ROOT}{self.id}"


@dataclass(frozen=True, slots=True)
class KnownRun:
    """A run as its row has it."""

    id: RunId
    name: str | None
    project: str
    experiment: str
    kind: str
    status: str
    started_ms: int
    ended_ms: int | None
    deleted: int | None
    logged_by: str | None
    member: str

    @property
    def stage(self) -> str:
        """`active` or `deleted`."""
        return DELETED if self.deleted else ACTIVE


def experiment(workspace: Workspace, found: str) -> KnownExperiment:
    """Return the experiment with an id.

    Raises:
        Rest: there is none.
    """
    if not _NUMBER.fullmatch(found):
        check_experiment_id(found)
        raise invalid(f"Invalid experiment ID '{found}'. Experiment ID must be a valid integer.")
    if found == DEFAULT_ID and not HOME.is_default:
        return _home(workspace)
    rows = workspace.query(
        f"SELECT {_ROW} FROM experiments WHERE id = ? AND name IS NOT NULL", (found,)
    )
    if rows:
        return _of_row(workspace, rows[0])
    if found == DEFAULT_ID:
        return _unmade(workspace, DEFAULT, DEFAULT)
    for project, name in pairs(workspace):
        if id_of(project, name) == found:
            return _unmade(workspace, project, name)
    raise missing(f"No Experiment with id={found} exists")


def experiment_named(workspace: Workspace, shown: str) -> KnownExperiment | None:
    """Return the experiment that MLflow's clients call so, or None."""
    if shown == DEFAULT_NAME:
        default = experiment(workspace, DEFAULT_ID)
        if default.shown == shown:
            return default
    project, slash, name = shown.partition("/")
    for pair in ((HOME.project, shown), (project, name) if slash else None):
        found = None if pair is None else of_pair(workspace, *pair)
        if found is not None and found.shown == shown:
            return found
    return None


def of_pair(workspace: Workspace, project: str, name: str) -> KnownExperiment | None:
    """Return the experiment of these words, or None when there is neither it nor a run of it."""
    if HOME.is_at(project, name) and not HOME.is_default:
        return _home(workspace)
    sql = f"SELECT {_ROW} FROM experiments WHERE project = ? AND name = ?"
    rows = workspace.query(sql, (project, name))
    if rows:
        return _of_row(workspace, min(rows))
    if (project, name) == (DEFAULT, DEFAULT) or _mentioned(workspace, project, name):
        return _unmade(workspace, project, name)
    return None


def experiments(workspace: Workspace) -> list[KnownExperiment]:
    """Return all experiments, those of which only runs know among them."""
    rows = workspace.query(f"SELECT {_ROW} FROM experiments WHERE name IS NOT NULL")
    found = [_of_row(workspace, row) for row in rows]
    if not HOME.is_default:  # its id is that of another one elsewhere
        found = [
            one for one in found if one.id != DEFAULT_ID and not HOME.is_at(one.project, one.name)
        ]
        found.append(_home(workspace))
    known = {(one.project, one.name) for one in found}
    if all(one.id != DEFAULT_ID for one in found):
        known.add((DEFAULT, DEFAULT))
        found.append(_unmade(workspace, DEFAULT, DEFAULT))
    unmade = [_unmade(workspace, *pair) for pair in pairs(workspace) if pair not in known]
    return found + [one for one in unmade if HOME.is_default or one.id != DEFAULT_ID]


def pairs(workspace: Workspace) -> Iterator[tuple[str, str]]:
    """Yield the (project, experiment) of all runs: a step down an index for each."""
    sql = (
        "SELECT project, experiment FROM runs WHERE (project, experiment) > (?, ?)"
        " ORDER BY project, experiment LIMIT 1"
    )
    at = ("", "")
    while rows := workspace.query(sql, at):
        at = (rows[0][0], rows[0][1])
        yield at


def free_id(workspace: Workspace, project: str, name: str) -> str:
    """Return the id that an experiment of these words gets when it is made."""
    turn = 0
    while True:
        found = id_of(project, name, turn)
        sql = "SELECT 1 FROM experiments WHERE id = ? AND name IS NOT NULL"
        if not workspace.query(sql, (found,)):
            return found
        turn += 1


def run(workspace: Workspace, found: str) -> KnownRun:
    """Return the run with an id.

    Raises:
        Rest: there is none.
    """
    check_run_id(found)
    sql = f"SELECT {_RUN} FROM runs WHERE id = ? AND started_ms IS NOT NULL"
    rows = workspace.query(sql, (found,))
    if not rows:
        raise missing(f"Run with id={found} not found")
    return KnownRun(*rows[0])


def active_run(workspace: Workspace, found: str) -> KnownRun:
    """Return the run with an id, if it is not deleted.

    Raises:
        Rest: there is none, or it is.
    """
    one = run(workspace, found)
    if one.deleted:
        raise invalid(f"The run {found} must be in the 'active' state. Current state is {DELETED}.")
    return one


def _of_row(workspace: Workspace, row: tuple[Any, ...]) -> KnownExperiment:
    found, project, name, location, deleted, made_ms, touched_ms, order = row
    if made_ms is None:  # renamed or tagged, and made by nobody: the default one
        made_ms = _since_ms(workspace, str(project), str(name))
    return KnownExperiment(
        str(found),
        str(project),
        str(name),
        location,
        bool(deleted),
        made_ms,
        touched_ms,
        order=order or b"",
    )


def _unmade(workspace: Workspace, project: str, name: str) -> KnownExperiment:
    sql = "SELECT deleted, touched_ms FROM experiments WHERE id = ?"
    found = (
        DEFAULT_ID if (project, name) == (DEFAULT, DEFAULT) else free_id(workspace, project, name)
    )
    rows = workspace.query(sql, (found,))
    deleted, touched_ms = rows[0] if rows else (None, None)
    since_ms = _since_ms(workspace, project, name)
    return KnownExperiment(
        found, project, name, None, bool(deleted), since_ms, touched_ms or since_ms, made=False
    )


def _home(workspace: Workspace) -> KnownExperiment:
    since_ms = _since_ms(workspace, HOME.project, DEFAULT)
    return KnownExperiment(
        DEFAULT_ID, HOME.project, DEFAULT, made_ms=since_ms, touched_ms=since_ms, made=False
    )


def _since_ms(workspace: Workspace, project: str, name: str) -> int:
    sql = "SELECT min(started_ms) FROM runs WHERE project = ? AND experiment = ?"
    ((found,),) = workspace.query(sql, (project, name))
    if found is not None:
        return int(found)
    return os.stat(workspace.path / "config.toml").st_mtime_ns // 1_000_000


def _mentioned(workspace: Workspace, project: str, name: str) -> bool:
    sql = "SELECT 1 FROM runs WHERE project = ? AND experiment = ? LIMIT 1"
    return bool(workspace.query(sql, (project, name)))
