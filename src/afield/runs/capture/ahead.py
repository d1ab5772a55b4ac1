"""Loads beside a run what is needed only at its end.

Imports alone: nothing is read or written here, and what cannot be loaded is complained of where
it is used. The command runs meanwhile, and somebody waits for it in any case.
"""

from __future__ import annotations

import contextlib
import threading
from importlib import import_module

_AT_THE_END = (
    "afield.runs.capture.environment",
    "afield.runs.series.seal",
    "cryptography.hazmat.primitives.asymmetric.ed25519",
    "shutil",
)
"""Modules that a run's end imports in its functions, and that take a millisecond or more."""


class Ahead:
    """A thread that imports them, once."""

    def __init__(self) -> None:
        self._thread = threading.Thread(target=self._load, name="afield-ahead", daemon=True)

    def start(self) -> None:
        """Begin; call it when the command runs."""
        self._thread.start()

    def finish(self) -> None:
        """Wait until no module is half loaded any more."""
        if self._thread.ident is not None:
            self._thread.join()

    def _load(self) -> None:
        for name in _AT_THE_END:
            with contextlib.suppress(Exception):
                import_module(name)
