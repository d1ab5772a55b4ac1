"""The layers at work on one run: chosen from the registry, called in its order.

A fault of one is a warning and stops no other, nor the run.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from afield.runs.capture.child import Launch
from afield.runs.capture.layers.layer import Layer, Seen, Site, Watch
from afield.runs.capture.layers.merge import Sighted, merge
from afield.runs.capture.layers.registry import LAYERS
from afield.runs.capture.request import Faults
from afield.runs.capture.trace import Event


class Watches:
    """The layers that `--trace` picks for a run and that can be used here.

    `told` is handed what `poll` returns.

    Attributes:
        reads: whether one of them sees what is read.
    """

    def __init__(
        self,
        site: Site,
        faults: Faults,
        layers: Sequence[Layer] = LAYERS,
        *,
        told: Callable[[Sequence[Event]], None] = lambda _: None,
    ) -> None:
        self._faults = faults
        self._told = told
        self._watches: dict[str, Watch] = {}
        self.reads = False
        for layer in layers:
            if layer.wanted(site.trace, tuple(self._watches)):
                self._choose(layer, site)

    def _choose(self, layer: Layer, site: Site) -> None:
        what = f"the layer `{layer.name}` is not used"
        with self._faults.contained(what):
            reason = layer.available(site)
            if reason is not None:
                self._faults.add(f"{what}: {reason}")
                return
            self._watches[layer.name] = layer.watch(site)
            self.reads = self.reads or layer.reads

    def prepare(self, launch: Launch) -> Launch:
        """Return how the command is to be started."""
        for name, watch in self._watches.items():
            with self._faults.contained(f"the layer `{name}` is not used"):
                launch = watch.prepare(launch)
        return launch

    def started(self, pid: int) -> None:
        """Tell all that the command runs."""
        for name, watch in self._watches.items():
            with self._faults.contained(f"the layer `{name}` sees nothing"):
                watch.started(pid)

    def poll(self) -> list[Event]:
        """Return what is new since the last call."""
        found: list[Event] = []
        for watch in self._watches.values():
            with self._faults.contained("inputs may be incomplete"):
                found += watch.poll()
        if found:
            self._told(found)
        return found

    def finish(self) -> Sighted:
        """Return what all of them saw, once the run has ended and nobody polls any more."""
        seen: dict[str, Seen] = {}
        for name, watch in self._watches.items():
            with self._faults.contained(f"what the layer `{name}` saw is lost"):
                seen[name] = watch.finish()
        return merge(seen)
