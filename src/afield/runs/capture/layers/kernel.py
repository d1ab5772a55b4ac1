"""Layer 2: the kernel's own view, by a supervisor that it asks before each open of any process.

It sees what every program reads and writes, in whatever language, and says whether that was all.
How it does so stands in `runs.capture.supervisor`; here its events become those of a trace.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

import msgspec

from afield.kernel.late import late
from afield.runs.capture.child import Launch
from afield.runs.capture.files_seen import Sieve
from afield.runs.capture.inside import HOOK_FOLDER
from afield.runs.capture.layers.layer import Seen, Site
from afield.runs.capture.supervisor.events import ExecEvent, FileEvent, WithRights
from afield.runs.capture.supervisor.hooked import packages_of
from afield.runs.capture.supervisor.known import Nobodys
from afield.runs.capture.trace import Event, FolderRead, Link, Mode, Open, Remove, Rename

_PYTHON = late(r"(?:python|pypy)[\d.]*w?$")
_MODES: dict[str, Mode] = {"read": "read", "write": "write", "update": "update", "new": "write"}


class KernelWatch:
    """The supervisor of one run."""

    def __init__(self, site: Site) -> None:
        from afield.runs.capture.supervisor.session import Supervisor  # on Linux only

        self._site = site
        self._supervisor = Supervisor(site.folder)
        self._events: list[Event] = []
        self._warnings: list[str] = []
        self._pid: int | None = None
        self._programs = _Programs(site.root)

    def prepare(self, launch: Launch) -> Launch:
        """Have the command started under the filter, once those who answer are there.

        A Python that is certain to load the hook calls for the filter itself.
        """
        site = self._site
        sieve = Sieve(
            site.root, workspace=site.workspace, ours=(HOOK_FOLDER,), environ=launch.environ
        )
        always, outside = sieve.nobodys
        nobodys = Nobodys(
            os.fsencode(site.root.rstrip("/") + "/"),
            tuple(map(os.fsencode, always)),
            tuple(map(os.fsencode, outside)),
        )
        packages = None
        if not launch.within:
            packages = packages_of(launch.program, launch.argv, launch.environ, HOOK_FOLDER)
        if self._supervisor.begin(nobodys, packages=packages):
            return launch
        return msgspec.structs.replace(launch, within=(*launch.within, self._supervisor.start))

    def started(self, pid: int) -> None:
        """Begin nothing: it goes on since before the command's first exec, or is called."""
        self._pid = pid

    def poll(self) -> Sequence[Event]:
        """Return which files were about to be opened, moved or removed meanwhile."""
        found: list[Event] = []
        for told in self._supervisor.poll():
            if isinstance(told, FileEvent):
                found.append(_event_of(told))
            elif isinstance(told, ExecEvent):
                found += self._programs.met(told)
            elif isinstance(told, WithRights):
                self._warnings.append(
                    f"`{told.path}` takes another user's rights, which a watched run cannot: "
                    "`--trace python` lets it"
                )
        self._events += found
        return found

    def finish(self) -> Seen:
        """Let go of the run and return all of it; complete when nothing was missed."""
        self.poll()
        gaps = self._supervisor.stop(self._pid)
        return Seen(
            events=self._events,
            active=self._supervisor.has_watched,
            complete=not gaps,
            warnings=self._warnings,
            blind=[f"inputs may be incomplete: {gap}" for gap in gaps],
        )


class _Programs:
    """Tells programs of the project's own, which are read when they are executed, from all others.

    What git ignores, as compiled programs mostly are, is in no tree of code.
    """

    def __init__(self, root: str) -> None:
        self._inside = root.rstrip("/") + "/"
        self._met: set[str] = set()

    def met(self, told: ExecEvent) -> list[Event]:
        path = told.path
        if path in self._met or not path.startswith(self._inside):
            return []
        self._met.add(path)
        folder, _, name = path.rpartition("/")
        environment = os.path.dirname(folder)
        if _PYTHON().match(name) or any(
            os.path.exists(f"{environment}/{one}") for one in ("pyvenv.cfg", "conda-meta")
        ):
            return []  # the environment's own
        return [Open(at_ns=told.at_ns, pid=told.pid, path=path, mode="read")]


def _event_of(told: FileEvent) -> Event:
    at_ns, pid, path = told.at_ns, told.pid, told.path
    if told.verb == "folder":
        return FolderRead(at_ns=at_ns, pid=pid, path=path)
    if told.verb == "remove":
        return Remove(at_ns=at_ns, pid=pid, path=path, folder=False)
    if told.verb == "rename":
        return Rename(at_ns=at_ns, pid=pid, path=path, target=told.target, new=told.fresh)
    if told.verb == "link":
        return Link(at_ns=at_ns, pid=pid, path=path, target=told.target)
    return Open(at_ns=at_ns, pid=pid, path=path, mode=_MODES[told.verb], new=told.verb == "new")


class KernelLayer(msgspec.Struct, frozen=True):
    """What the kernel is asked for by every process of the run, on Linux."""

    name: str = "kernel"
    number: int = 2
    reads: bool = True

    def wanted(self, trace: str, chosen: Sequence[str]) -> bool:  # noqa: ARG002 - its shape
        """Tell that it is on Linux, unless only Python is to be watched, or nothing."""
        return trace == "auto" and sys.platform.startswith("linux")

    def available(self, site: Site) -> str | None:  # noqa: ARG002 - its shape
        """Return what the kernel or the sandbox forbids."""
        from afield.runs.capture.supervisor.preflight import preflight

        return preflight()

    def watch(self, site: Site) -> KernelWatch:
        """Return the supervisor of one run."""
        return KernelWatch(site)


KERNEL = KernelLayer()
