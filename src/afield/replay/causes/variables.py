"""Cause `variables`: recorded environment variables and settings of language and time zone."""

from __future__ import annotations

from afield.replay.causes.cause import Cause, Known, Side
from afield.replay.causes.words import changed_values, cut
from afield.replay.text import clip
from afield.runs.capture.host import KERNEL_NAMES, THREAD_NAMES

_PASSING_VARIABLES = (
    "PATH PWD OLDPWD SHLVL _ TERM COLUMNS LINES VIRTUAL_ENV VIRTUAL_ENV_PROMPT TMPDIR TEMP TMP"
    " CONDA_PREFIX CONDA_DEFAULT_ENV CONDA_SHLVL PS1 PYTHONHASHSEED PYTHONPATH"
)
PASSING_VARIABLES = frozenset(_PASSING_VARIABLES.split())


def ask_variables(old: Side, new: Side, known: Known) -> Cause | None:
    """Name the first recorded environment variable or locale setting that differs."""
    before, after = recorded_variables(old), recorded_variables(new)
    if _cores(old) != _cores(new):  # then thread counts follow from the machine, or stand in for it
        for side in (before, after):
            for name in THREAD_NAMES:
                side.pop(name, None)
    lines = changed_values("variable", before, after)
    if not lines:
        return known.gap("secret", named="variables")
    return Cause("variables", clip(lines[0]), cut(lines))


def _cores(side: Side) -> int | None:
    return side.manifest.host.cores if side.manifest.host else None


def recorded_variables(side: Side) -> dict[str, str]:
    """Return variables and locale of a side, without what differs from place to place."""
    found = {**side.manifest.locale, **side.manifest.variables}
    found.setdefault("timezone", "")
    if found.get("TZ", found["timezone"]) == found["timezone"]:
        found.pop("TZ", None)  # it says again what the system's time zone was
    found.pop("utc_offset", None)  # it changes with the seasons
    return {
        name: side.masks.paths(value)
        for name, value in found.items()
        if name not in PASSING_VARIABLES | KERNEL_NAMES and not name.startswith("AFIELD_")
    }
