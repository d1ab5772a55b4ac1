"""Faults of runs that a person can meet, each with its stable code."""

from __future__ import annotations

from afield.kernel.errors import Damaged, NotFound


class RunNotFound(NotFound):
    """No run has this id, id prefix or name."""

    code = "runs.not_found"


class RunAmbiguous(NotFound):
    """Several runs fit the prefix or name."""

    code = "runs.ambiguous"


class SeriesNotFound(NotFound):
    """The run has logged no metric of this name."""

    code = "runs.series_not_found"


class SeriesDamaged(Damaged):
    """The bytes of a sealed series cannot be what was written."""

    code = "runs.series_damaged"
