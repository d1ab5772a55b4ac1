"""The one explicit list that joins rooms to the projection; a new room is one line here."""

from __future__ import annotations

from collections.abc import Collection

from afield.datasets.fold import ROOM as DATASETS
from afield.kernel.ids import DeviceId
from afield.members.fold import ROOM as MEMBERS
from afield.members.fold import room as members_of
from afield.projection import Room
from afield.registry.fold import ROOM as REGISTRY
from afield.runs.experiments.fold import ROOM as EXPERIMENTS
from afield.runs.fold import ROOM as RUNS
from afield.runs.models.fold import ROOM as MODELS
from afield.teamwork.fold import ROOM as TEAMWORK
from afield.traces.fold import ROOM as TRACES
from afield.workspace.rights_needed import NEEDS
from afield.workspace.writes import ROOM as WRITES

ROOMS: tuple[Room, ...] = (
    MEMBERS,
    DATASETS,
    RUNS,
    EXPERIMENTS,
    MODELS,
    REGISTRY,
    TRACES,
    TEAMWORK,
    WRITES,
)


def rooms(roots: Collection[DeviceId]) -> tuple[Room, ...]:
    """Return all rooms, with the devices that need nobody's confirmation."""
    return (members_of(roots, NEEDS), *(room for room in ROOMS if room is not MEMBERS))
