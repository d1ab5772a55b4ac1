"""Working time as the team's things need it.

Instants are Unix milliseconds. What a member says of their hours is the business of `members`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol


class Worked(Protocol):
    """A stretch of somebody's working time."""

    @property
    def start_ms(self) -> int:
        """When it begins."""
        ...

    @property
    def end_ms(self) -> int:
        """When it is over."""
        ...


class Hours(Protocol):
    """When somebody works."""

    def local(self, at_ms: int) -> datetime:
        """Return an instant where they are, with its zone."""
        ...

    def working(self, start_ms: int, end_ms: int) -> Sequence[Worked]:
        """Return the working time between two instants, in order."""
        ...

    def next_working(self, at_ms: int) -> int | None:
        """Return when they work next, the instant itself when they do; None: not for long."""
        ...

    def add_working(self, at_ms: int, minutes: int) -> int | None:
        """Return when they will have worked so long; None: they do not."""
        ...

    def working_minutes(self, start_ms: int, end_ms: int) -> int:
        """Return how long they work between two instants."""
        ...
