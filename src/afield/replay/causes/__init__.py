"""The first cause of a difference between two runs: one small file per cause, and their registry.

Code, environment, input by first read, arguments, variables, seed, machine; then, when all of
those agree, the place where the difference first showed: console line, metric step, file.
A cause looks at two sides and decides nothing else. A new one is one more file and one line in
`registry`.
"""

from __future__ import annotations

from afield.replay.causes.cause import Ask, Cause, Known, Show, Side, Source
from afield.replay.causes.code import SOURCE_SUFFIXES
from afield.replay.causes.inputs import changed_inputs, changed_versions
from afield.replay.causes.machine import machine_changes
from afield.replay.causes.registry import CAUSES, first_cause
from afield.replay.causes.variables import recorded_variables
from afield.replay.causes.words import cut

__all__ = [
    "CAUSES", "SOURCE_SUFFIXES", "Ask", "Cause", "Known", "Show", "Side", "Source",
    "changed_inputs", "changed_versions", "cut", "first_cause", "machine_changes",
    "recorded_variables",
]  # fmt: skip
