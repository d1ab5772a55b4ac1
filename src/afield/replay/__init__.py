"""Running a recorded run again, and judging what came out of it.

Lives here: plan, prepare, environment, execute, compare, the verdict, the first cause, and the
comparison of any two runs. Recording the new run is the work of room `runs`; nothing here
draws on a terminal.
"""

from __future__ import annotations

from afield.replay.check import check
from afield.replay.diff import Comparison, compare_runs
from afield.replay.report import Report, decode_report
from afield.replay.reproduce import reproduce
from afield.replay.stability import Stability, stability
from afield.replay.wheelhouse import gather_wheels
from afield.replay.wish import Wish, make_tools

__all__ = [
    "Comparison", "Report", "Stability", "Wish", "check", "compare_runs", "decode_report",
    "gather_wheels", "make_tools", "reproduce", "stability",
]  # fmt: skip
