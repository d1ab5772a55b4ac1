"""Whose hours count for a due time: the one place that says where they come from."""

from __future__ import annotations

from afield.kernel.ids import MemberId
from afield.members.calendar import Calendar
from afield.teamwork.hours import Hours
from afield.workspace.workspace import Workspace


def hours_of(workspace: Workspace, member: MemberId) -> Hours:  # noqa: ARG001 - nobody says theirs yet
    """Return when a member works: nobody says so yet, so office hours are assumed."""
    return Calendar()
