"""The one explicit list that joins rooms to the projection; a new room is one line here."""

from __future__ import annotations

from afield.members.fold import ROOM as MEMBERS
from afield.projection import Room
from afield.runs.fold import ROOM as RUNS

ROOMS: tuple[Room, ...] = (MEMBERS, RUNS)
