"""The remote of one process of the hub: nothing of it is made before somebody asks for it."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING

from starlette.routing import Route

from afield.hub.config import Limits
from afield.hub.remote.admitted import Admitted
from afield.hub.remote.routes import routes
from afield.kernel.errors import AfieldError
from afield.workspace.hosted import Hosted

if TYPE_CHECKING:
    from afield.hub.remote.intake import Intake

log = logging.getLogger("afield.hub")


class ServedRemote:
    """The routes of the remote, and what keeps it and the record one.

    Args:
        hosted: the record.
        labels: where the remote's bytes lie, for datasets with a residency.
        limits: what may lie there that belongs to nothing.
    """

    def __init__(
        self, hosted: Hosted, labels: frozenset[str] = frozenset(), limits: Limits | None = None
    ) -> None:
        self._hosted = hosted
        self._labels = labels
        self._limits = limits or Limits()
        self._lock = threading.Lock()
        self._intake: Intake | None = None
        self.routes: list[Route] = routes(Admitted(hosted.config.workspace), self.intake)

    def intake(self) -> Intake:
        """Return what keeps the remote; the first call makes the remote and syncs with it."""
        from afield.hub.remote.intake import Intake

        with self._lock:
            if self._intake is None:
                self._intake = Intake(self._hosted, self._labels, self._limits)
                self._intake.begin()
            return self._intake

    def warm(self) -> None:
        """Take in what was pushed before the last end; where there never was a remote, nothing."""
        if self._hosted.kept is None:
            if self._hosted.read_here(lambda found: (found.path / "remote" / "format").is_file()):
                self.intake()
            return
        from afield.hub.remote.intake import is_made  # a hub with neither starts without it

        try:
            if is_made(self._hosted):
                self.intake()
        except AfieldError as error:
            log.warning("the hub's remote cannot be looked at yet: %s", error.message)

    def close(self) -> None:
        """Stop; what was done stays."""
        with self._lock:
            if self._intake is not None:
                self._intake.close()
