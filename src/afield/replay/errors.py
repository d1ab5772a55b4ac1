"""Leaves of the error tree that belong to reproduction."""

from __future__ import annotations

from afield.kernel.errors import Refused, Unreachable


class NotReproducible(Refused):
    """The run's record does not hold what a reproduction starts from."""

    code = "replay.not_reproducible"


class NoEnvironment(Refused):
    """The recorded environment cannot be rebuilt on this machine at all."""

    code = "replay.no_environment"


class NoEnvironmentRecorded(Refused):
    """The record of a run names no Python environment."""

    code = "replay.no_environment_recorded"


class NoPythonHere(Refused):
    """No Python answers where one stands."""

    code = "replay.no_python_here"


class IndexUnreachable(Unreachable):
    """The package index that the person's settings name does not answer."""

    code = "replay.index_unreachable"


class Unrecorded(Unreachable):
    """The command was run again, but the workspace could not take its record."""

    code = "replay.unrecorded"


class FolderInUse(Refused):
    """The folder that should hold the reproduction is not empty."""

    code = "replay.folder_in_use"


class SecretsNeeded(Refused):
    """The command was given secrets, which are in no record and were not handed over."""

    code = "replay.secrets_needed"


class OutsideWrites(Refused):
    """The command would overwrite files outside the project."""

    code = "replay.outside_writes"


class NotRecordedHere(Refused):
    """What is stable can be learnt only on the device that recorded the run."""

    code = "replay.not_recorded_here"
