"""The sorts of items that there are: one file each, and this list of them."""

from __future__ import annotations

from collections.abc import Mapping

from afield.teamwork.shapes import Sort
from afield.teamwork.sorts.ask import ASK
from afield.teamwork.sorts.blocker import BLOCKER
from afield.teamwork.sorts.decision import DECISION
from afield.teamwork.sorts.handover import HANDOVER
from afield.teamwork.sorts.meeting import MEETING
from afield.teamwork.sorts.oncall import ONCALL
from afield.teamwork.sorts.page import PAGE
from afield.teamwork.sorts.review import REVIEW
from afield.teamwork.sorts.standup import STANDUP
from afield.teamwork.sorts.task import TASK
from afield.teamwork.sorts.thread import THREAD

SORTS: tuple[Sort, ...] = (
    ASK, BLOCKER, DECISION, HANDOVER, MEETING, ONCALL, PAGE, REVIEW, STANDUP, TASK, THREAD,
)  # fmt: skip
SORT_OF: Mapping[str, Sort] = {sort.name: sort for sort in SORTS}
