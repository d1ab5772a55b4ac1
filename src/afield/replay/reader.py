"""What replay needs to read of runs; the workspace offers it, and so do tests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from afield.runs.manifest import Manifest


class MetricFacts(Protocol):
    """The summary of one metric."""

    @property
    def last(self) -> float:
        """The value logged last."""
        ...

    @property
    def min(self) -> float:
        """The least value."""
        ...

    @property
    def max(self) -> float:
        """The greatest value."""
        ...

    @property
    def mean(self) -> float:
        """The mean."""
        ...

    @property
    def count(self) -> int:
        """How many points were logged."""
        ...


class ReproductionFacts(Protocol):
    """What came of repeating a run: the new run, and the object of the report."""

    @property
    def run(self) -> str:
        """The new run."""
        ...

    @property
    def report(self) -> str | None:
        """The object that holds the report."""
        ...


class RunFacts(Protocol):
    """A run as replay reads it."""

    @property
    def name(self) -> str | None:
        """Its name."""
        ...

    @property
    def project(self) -> str | None:
        """Its project."""
        ...

    @property
    def experiment(self) -> str | None:
        """Its experiment."""
        ...

    @property
    def params(self) -> Mapping[str, Any]:
        """What it was configured with."""
        ...

    @property
    def metrics(self) -> Mapping[str, MetricFacts]:
        """Its metrics by name."""
        ...

    @property
    def started(self) -> datetime:
        """When it began."""
        ...

    @property
    def ended(self) -> datetime | None:
        """When it ended; None while it goes on."""
        ...

    @property
    def device(self) -> str | None:
        """The device that recorded it."""
        ...

    @property
    def reproductions(self) -> Sequence[ReproductionFacts]:
        """What came of repeating it, oldest first."""
        ...


class RunReader(Protocol):
    """Where runs are read; `refresh` brings in what was written since."""

    def refresh(self) -> Any:
        """Bring in what was written since."""
        ...

    def run(self, ref: str) -> RunFacts:
        """Return a run by its id."""
        ...

    def manifest(self, run: str) -> Manifest | None:
        """Return what a run was made of, or None when it was not captured."""
        ...

    def series(self, run: str, name: str) -> Any:
        """Return the points of a metric as an Arrow table: step, time, value."""
        ...
