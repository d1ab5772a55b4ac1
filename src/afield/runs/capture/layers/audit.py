"""Layer 1: the audit hook in every Python of the run, which tells files, network and commands.

It sees what goes through Python, with the line of code. What the hook does stands in `inside`,
how it is read in `trace`; here is when it is used, and what it is known not to have seen.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from itertools import takewhile

import msgspec

from afield.runs.capture import inside
from afield.runs.capture.child import Launch
from afield.runs.capture.layers.layer import Seen, Site
from afield.runs.capture.trace import (
    Command,
    Event,
    Fault,
    Interpreter,
    Trace,
    TraceFollower,
    collect,
    is_blind,
)
from afield.runs.secrets import redact_argv

NOT_WATCHED = "not watched"
"""How a warning begins that names a Python which the hook was kept out of."""

_OURS = os.path.dirname(os.path.dirname(os.path.abspath(inside.__file__))) + os.sep
"""Scripts there are Afield's own."""

_NO_SEED = "its randomness is not recorded"

_NO_PYTHON = "no Python was seen in the run: what it read is not known"


class AuditWatch:
    """The hook in the Pythons of one run, and what they wrote."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._follower = TraceFollower(site.folder)
        self._events: list[Event] = []
        self._first: Command | None = None

    def prepare(self, launch: Launch) -> Launch:
        """Set the variables that load the hook."""
        flags = takewhile(lambda word: word.startswith("-"), launch.argv[1:])
        argv = (*launch.argv[:1], *flags)  # what follows may hold secrets
        script = launch.argv[len(argv)] if len(argv) < len(launch.argv) else ""
        if not script.startswith(_OURS):  # what drives a notebook's kernel is no part of the run
            self._first = Command(
                at_ns=0, pid=0, argv=argv, executable=launch.program, folder="", hooked=True
            )
        environ = inside.environ(
            self._site.folder, launch.environ, entropy=self._site.seeds, trace=True
        )
        return msgspec.structs.replace(launch, environ={**launch.environ, **environ})

    def started(self, pid: int) -> None:
        """Begin nothing: the hook starts with the interpreter."""

    def poll(self) -> Sequence[Event]:
        """Return what the hook wrote meanwhile."""
        events = self._follower.poll()
        self._events += events
        return events

    def finish(self) -> Seen:
        """Return all of it, with the last counts."""
        events = self._follower.recount(self._events)
        trace = collect(
            event for event in events if isinstance(event, Interpreter | Command | Fault)
        )
        shut_out = _shut_out(trace, self._first)
        blind = [f"{NOT_WATCHED}, it shuts the hook out: {line}" for line in shut_out]
        warnings = [f"hook: {fault.what} ({fault.count} times)" for fault in trace.faults]
        if self._site.seeds.run_seed is not None:
            warnings += [f"{_NO_SEED}, it shuts the hook out: {line}" for line in shut_out]
        return Seen(
            events=events,
            active=trace.active,
            warnings=warnings,
            blind=blind if trace.active else [*blind, _NO_PYTHON],
        )


def _shut_out(trace: Trace, first: Command | None) -> list[str]:
    found = (*((first,) if first is not None and is_blind(first) else ()), *trace.unhooked())
    if not found:
        return []
    import shlex  # it compiles a pattern, and few do

    return list(dict.fromkeys(shlex.join(redact_argv(one.argv)[0]) for one in found))


class AuditLayer(msgspec.Struct, frozen=True):
    """What goes through Python, in every Python of the run that takes a hook."""

    name: str = "python"
    number: int = 1
    reads: bool = True

    def wanted(self, trace: str, _chosen: Sequence[str]) -> bool:
        """Tell that it is, unless nothing is to be watched."""
        return trace != "off"

    def available(self, _site: Site) -> str | None:
        """Return nothing: whether a Python takes the hook is seen when it does."""
        return None

    def watch(self, site: Site) -> AuditWatch:
        """Return the hook of one run."""
        return AuditWatch(site)


AUDIT = AuditLayer()
