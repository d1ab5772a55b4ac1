"""What a run's end needs, done beside the run: modules loaded, the environment looked at.

The command runs meanwhile, so that nobody waits for it. The environment is the one that was there
when the run's first Python was: what changed since is told, not mixed in. What cannot be done here
is done at the end, and complained of there.
"""

from __future__ import annotations

import contextlib
import os
import sys
import threading
from collections.abc import Iterable, Mapping
from importlib import import_module
from typing import TYPE_CHECKING

from afield.runs.capture.trace_events import CodeRead, Event, Interpreter, Open
from afield.vault import Vault, load_chunker

if TYPE_CHECKING:
    from afield.runs.capture.distributions import DistributionCache, Found
    from afield.runs.capture.environment import Python
    from afield.runs.capture.patches import PatchCheck
    from afield.runs.manifest import Environment

_NEEDED = (
    "afield.runs.capture.environment",
    "afield.runs.capture.outputs",
    "cryptography.hazmat.primitives.asymmetric.ed25519",
    "afield.runs.series.seal",
    "shutil",
)
"""Modules that a run's end imports in its functions, and that take a millisecond or more."""

_TO_WATCH = (
    "afield.runs.capture.supervisor.preflight",
    "afield.runs.capture.supervisor.session",
    "afield.runs.capture.supervisor.trial",
)
"""Modules that the kernel's layer imports when it is used."""

_LARGE = 100
"""Distributions of an environment of which the manifest is so long that it is cut."""

_NICENESS = 5
"""The command goes before; but not so far that a thread which waits for this one would notice."""


def load_to_watch() -> None:
    """Load what the kernel's layer needs, while git is asked for the code; returns at once."""
    loading = threading.Thread(target=_load, args=(_TO_WATCH,), name="afield-load", daemon=True)
    loading.start()


def _load(names: Iterable[str]) -> None:
    for name in names:
        with contextlib.suppress(Exception):  # whoever needs it meets the fault, and tells it
            import_module(name)


class Ahead:
    """One thread beside a run.

    Args:
        caches: the folder that remembers what was read before; it may be deleted at any time.
        vault: keeps files that were patched by hand.
        known: values of secrets.
    """

    def __init__(self, caches: str, *, vault: Vault, known: Mapping[str, bytes]) -> None:
        self._caches = caches
        self._vault = vault
        self._secrets = known
        self._thread = threading.Thread(target=self._run, name="afield-ahead", daemon=True)
        self._news = threading.Event()
        self._over = False
        self._first: Interpreter | None = None
        self._used: list[str] = []
        self._cache: DistributionCache | None = None
        self._found: list[Found] | None = None
        self._patches: PatchCheck | None = None
        self.faults: list[str] = []

    def start(self) -> None:
        """Begin; call it when the command runs."""
        self._thread.start()

    def tell(self, events: Iterable[Event]) -> None:
        """Take in what the run did; returns at once."""
        if self._first is None:
            self._first = next((one for one in events if isinstance(one, Interpreter)), None)
        for event in events:
            if isinstance(event, CodeRead):
                self._used += event.paths
            elif isinstance(event, Open):
                self._used.append(event.path)
        self._news.set()

    def finish(self) -> None:
        """Do nothing more; returns when what was begun is done."""
        self._over = True
        self._news.set()
        if self._thread.ident is not None:
            self._thread.join()

    def look(self) -> None:
        """Look at the environment, the first time it is known, and at what was used since."""
        used, self._used = self._used, []
        if self._first is None:
            return
        from afield.runs.capture.distributions import find_distributions

        if self._found is None:
            self._found = find_distributions(self._first.path, self._distributions())
            if len(self._found) > _LARGE:
                load_chunker()
        self._check().ahead(self._found, used)

    def environment(self, python: Python, used: Iterable[str]) -> Environment:
        """Return the environment of the run's first Python; `used` are files that the run opened.

        Call it after `finish`; `faults` then has what changed while the run ran.
        """
        from afield.runs.capture.distributions import find_distributions
        from afield.runs.capture.environment import read_environment

        cache, patches = self._distributions(), self._check()
        found = now = find_distributions(python.path, cache)
        if self._found is not None and self._first is not None and self._first.path == python.path:
            found, moved = _as_before(self._found, now)
            patches.moved = moved
            self.faults += moved.values()
        patches.used = used
        environment = read_environment(
            python, cache=cache, vault=self._vault, patches=patches, found=found
        )
        cache.save()
        self.faults += patches.faults
        return environment

    def _run(self) -> None:
        if sys.platform == "linux":  # elsewhere it would be the whole process
            with contextlib.suppress(OSError):
                os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICENESS)
        _load(_NEEDED)
        with contextlib.suppress(Exception):
            while not self._over:
                self._news.wait()
                self._news.clear()
                if not self._over:
                    self.look()

    def _distributions(self) -> DistributionCache:
        from afield.runs.capture.distributions import DistributionCache

        if self._cache is None:
            self._cache = DistributionCache(os.path.join(self._caches, "distributions.json"))
        return self._cache

    def _check(self) -> PatchCheck:
        from afield.runs.capture.patches import PatchCheck

        if self._patches is None:
            folder = os.path.join(self._caches, "installed")
            self._patches = PatchCheck(folder, vault=self._vault, known=self._secrets)
        return self._patches


def _as_before(before: Iterable[Found], now: Iterable[Found]) -> tuple[list[Found], dict[str, str]]:
    """Return the distributions as they were and those that came since; and what moved, by name."""
    from afield.runs.capture.distributions import normal_name

    then = {normal_name(one.distribution.name): one for one in before}
    here = {normal_name(one.distribution.name): one for one in now}
    moved: dict[str, str] = {}
    for name, one in then.items():
        other, told = here.get(name), f"{one.distribution.name} {one.distribution.version}"
        if other is None:
            moved[name] = f"{told} was removed while the run ran"
        elif other.distribution != one.distribution:
            moved[name] = f"{told} became {other.distribution.version} while the run ran"
    for name in here.keys() - then.keys():
        one = here[name]
        told = f"{one.distribution.name} {one.distribution.version}"
        moved[name] = f"{told} was installed while the run ran"
    both = here | then
    return [both[name] for name in sorted(both)], moved
