"""Layer 3: calls into libraries that open files past Python, where no kernel layer is at work.

The hook wraps these calls in each Python of the run (`inside/hook/_afield_libraries.py` says
which) and writes what they are given. Here its paths become files: one that is a folder or a
pattern is every file in it. What a library opens of its own accord stays unseen.
"""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Iterator, Sequence

import msgspec

from afield.runs.capture.child import Launch
from afield.runs.capture.inside import LIBRARIES_FOLDER
from afield.runs.capture.layers.layer import Seen, Site
from afield.runs.capture.trace import (
    Event,
    FolderRead,
    Handed,
    Mode,
    Open,
    TraceFollower,
    Watched,
)

FOLDER_FILES_TOLD_MAX = 1000
"""Of more files in one folder tree, its folders are told."""

_WORDS: dict[str, tuple[str, ...]] = {
    "h5py": ("libhdf5",),
    "tables": ("libhdf5",),
    "pyarrow": ("libarrow", "libparquet"),
    "polars": ("polars",),
    "torch": ("libtorch", "torch_cpu"),
    "safetensors": ("safetensors",),
    "xgboost": ("libxgboost",),
    "lightgbm": ("lib_lightgbm",),
    "soundfile": ("libsndfile",),
    "cv2": ("libopencv", "cv2."),
}
"""Of each library the words of `outcome.READS_UNSEEN` that stand for it."""


class ImportsWatch:
    """The wrapped calls in the Pythons of one run, and what they wrote."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._folder = os.path.join(site.folder, LIBRARIES_FOLDER)
        self._follower = TraceFollower(self._folder)
        self._events: list[Event] = []

    def prepare(self, launch: Launch) -> Launch:
        """Make the folder that asks the hook for it."""
        os.makedirs(self._folder, exist_ok=True)
        return launch

    def started(self, pid: int) -> None:
        """Begin nothing: the hook starts with the interpreter."""

    def poll(self) -> Sequence[Event]:
        """Return the files of the calls that were made meanwhile."""
        found = [one for told in self._follower.poll() for one in _files_of(told)]
        self._events += found
        return [_perhaps(one) if isinstance(one, Handed) else one for one in found]

    def finish(self) -> Seen:
        """Return all of it, and of which libraries."""
        self.poll()
        libraries = [event for event in self._events if isinstance(event, Watched)]
        lacking = {event.module.partition(".")[0] for event in libraries if event.missing}
        whole = {event.module for event in libraries if event.whole} - lacking
        partly = dict.fromkeys(event.module for event in libraries if not event.whole)
        return Seen(
            events=[one for event in self._events for one in self._at_last(event)],
            active=bool(libraries),
            covers=frozenset(word for name in whole for word in _WORDS.get(name, ())),
            unseen=tuple(partly),
            warnings=_missing(libraries),
        )

    def _at_last(self, event: Event) -> Iterator[Event]:
        """Return what an event is known to be, now that the run has ended."""
        if isinstance(event, Handed):
            mark_ns = self._site.mark_ns
            with contextlib.suppress(OSError):
                found = os.stat(event.path)
                if stat.S_ISREG(found.st_mode):
                    is_written = mark_ns is None or found.st_ctime_ns >= mark_ns
                    yield _open_of(event, "write" if is_written else "read")
        elif isinstance(event, Open) and event.mode == "write" and os.path.isdir(event.path):
            for one in _inside(msgspec.structs.replace(event, mode="read"), event.path):
                if isinstance(one, Open) and self._is_new(one.path):
                    yield msgspec.structs.replace(one, mode="write")
        elif isinstance(event, Open | FolderRead):
            yield event

    def _is_new(self, path: str) -> bool:
        try:
            return os.stat(path).st_ctime_ns >= (self._site.mark_ns or 0)
        except OSError:
            return False


def _perhaps(event: Handed) -> Open:
    """Return an open that has the file looked at now, while it may still be what was read."""
    return _open_of(event, "update")


def _open_of(event: Handed, mode: Mode) -> Open:
    return Open(at_ns=event.at_ns, pid=event.pid, where=event.where, path=event.path, mode=mode)


def _missing(libraries: Sequence[Watched]) -> list[str]:
    found = {event.module: event.missing for event in libraries if event.missing}
    return [
        f"the installed {module} is another than is known: what its {', '.join(names)} reads or "
        "writes is not seen"
        for module, names in found.items()
    ]


def _files_of(told: Event) -> Iterator[Event]:
    """Return what stands for one event of the hook: a call's path may name many files."""
    if not isinstance(told, Open) or told.mode != "read" or os.path.isfile(told.path):
        yield told
    elif os.path.isdir(told.path):
        yield from _inside(told, told.path)
    else:
        yield told
        for path in _meant(told.path):
            yield msgspec.structs.replace(told, path=path)


def _meant(path: str) -> list[str]:
    """Return the files of a pattern, or of a path with an address's question (`x.csv?format=csv`).

    At most as many as are told one by one.
    """
    import glob  # seldom

    if glob.has_magic(path) and (found := glob.glob(path, recursive=True)):
        return sorted(one for one in found if os.path.isfile(one))[:FOLDER_FILES_TOLD_MAX]
    plain = path.partition("#")[0].partition("?")[0]
    return [plain] if plain != path and os.path.isfile(plain) else []


def _inside(told: Open, folder: str) -> Iterator[Event]:
    """Return each file below a folder, or the folders when these are very many."""
    files: list[str] = []
    folders: list[str] = []
    for above, below, names in os.walk(folder):
        below[:] = sorted(name for name in below if not name.startswith("."))
        shown = sorted(name for name in names if not name.startswith("."))
        if shown:
            folders.append(above)
        if len(files) <= FOLDER_FILES_TOLD_MAX:
            files += [os.path.join(above, name) for name in shown]
    if len(files) <= FOLDER_FILES_TOLD_MAX:
        for path in files:
            yield msgspec.structs.replace(told, path=path)
        return
    for path in folders:
        yield FolderRead(at_ns=told.at_ns, pid=told.pid, path=path, where=told.where)


class ImportsLayer(msgspec.Struct, frozen=True):
    """What is handed to libraries that open files by themselves, in every hooked Python."""

    name: str = "imports"
    number: int = 3
    reads: bool = True

    def wanted(self, _trace: str, chosen: Sequence[str]) -> bool:
        """Tell that it is beside the hook, unless the kernel tells all."""
        return "python" in chosen and "kernel" not in chosen

    def available(self, _site: Site) -> str | None:
        """Return nothing: whether a Python takes the hook is seen when it does."""
        return None

    def watch(self, site: Site) -> ImportsWatch:
        """Return the wrapped calls of one run."""
        return ImportsWatch(site)


IMPORTS = ImportsLayer()
