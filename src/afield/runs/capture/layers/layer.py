"""What a layer is: the Protocol of those in the registry, and of one at work on one run.

How layers are chosen and called stands in `watches`, how what they saw is joined in `merge`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import msgspec

from afield.runs.capture.child import Launch
from afield.runs.capture.entropy import SeedPlan
from afield.runs.capture.trace import Event


class Site(msgspec.Struct, frozen=True, kw_only=True):
    """The run that is to be looked at.

    Attributes:
        trace: `--trace` as it was asked for: `auto`, `python` or `off`.
        folder: an existing folder of this run alone, where layers may write while it runs.
        root: the project's folder.
        workspace: the folder of the record, which is no part of the run.
        seeds: what feeds the run's randomness; the hook in its Pythons has one set of variables.
        mark_ns: the file system's time at which the run began; None when that is not known.
        until_ns: the same of when it was last heard of, for a run whose recorder is gone.
    """

    trace: str
    folder: str
    root: str
    workspace: str
    seeds: SeedPlan = SeedPlan(None, None)
    mark_ns: int | None = None
    until_ns: int | None = None


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """All that one layer saw of a run.

    Attributes:
        events: what was given by `poll`, with the counts as they were at the end.
        changed: files found changed or made at the end, whoever did it and whenever.
        active: whether it was at work at all; only then the record names it.
        complete: whether it saw every file that any process of the run opened.
        warnings: faults of its own.
        blind: what it could not see, in words; not said when the view of another is complete.
        covers: words of `outcome.READS_UNSEEN`: libraries whose own reads it saw.
        unseen: names of libraries that were there and whose own reads it did not see, or not all.
    """

    events: Sequence[Event] = ()
    changed: Sequence[str] = ()
    active: bool = True
    complete: bool = False
    warnings: Sequence[str] = ()
    blind: Sequence[str] = ()
    covers: frozenset[str] = frozenset()
    unseen: Sequence[str] = ()


class Watch(Protocol):
    """A layer at work on one run.

    Whatever a method raises becomes a warning on the record, and the run goes on without what
    it would have brought. For a run whose recorder died only `poll` and `finish` are called:
    they then give what stands in the site's folder.
    """

    def prepare(self, launch: Launch) -> Launch:
        """Return how the command is to be started; called last of all before it is.

        This is where variables are set, a program is put in front or a thread around the call
        that starts the command, and where what must stand before the command does is begun.
        """
        ...

    def started(self, pid: int) -> None:
        """Begin what goes on beside the command, which runs now as `pid`."""
        ...

    def poll(self) -> Sequence[Event]:
        """Return what is new since the last call, in the order of time.

        Called every few hundredths of a second, by one thread at a time; waits for nothing.
        """
        ...

    def finish(self) -> Seen:
        """End what was begun and return all that was seen.

        Called once, after the last `poll`; also when the command could not be started.
        """
        ...


class Layer(Protocol):
    """One way of seeing what a run does."""

    @property
    def name(self) -> str:
        """Its name, as `capture.layers` and `seen_by` have it."""
        ...

    @property
    def number(self) -> int:
        """Its place in the order of the documents and of the registry."""
        ...

    @property
    def reads(self) -> bool:
        """Whether it sees what is read, and not only what is left behind."""
        ...

    def wanted(self, trace: str, chosen: Sequence[str], /) -> bool:
        """Tell whether `--trace` asks for it, beside the layers that were chosen before it."""
        ...

    def available(self, site: Site, /) -> str | None:
        """Return why it cannot be used here, in words for the record; None when it can."""
        ...

    def watch(self, site: Site, /) -> Watch:
        """Return it at work on one run; nothing is begun yet."""
        ...
