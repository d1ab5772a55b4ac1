"""Read what the hook inside a run's processes wrote: at the end, or live while it runs.

The format is told in `docs/format/trace.md`. Nothing here decides what is an input: it
gives the facts in the order in which they happened, over all processes.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import TypeVar

import msgspec

from afield.runs.capture.trace_events import (
    CodeRead,
    Command,
    DefaultGenerator,
    EntropyCall,
    Event,
    Fault,
    FolderRead,
    Handed,
    Interpreter,
    Kernel,
    Library,
    Link,
    Listing,
    Mode,
    Network,
    Open,
    Process,
    Remove,
    Rename,
    Uncaught,
    VersionTold,
    Watched,
    parse,
)

__all__ = [
    "CodeRead", "Command", "DefaultGenerator", "EntropyCall", "Event", "Fault", "FolderRead",
    "Handed", "Interpreter", "Kernel", "Library", "Link", "Listing", "Mode", "Network", "Open",
    "Process", "Remove", "Rename", "Trace", "TraceFollower", "Uncaught", "VersionTold", "Watched",
    "collect", "is_blind", "read",
]  # fmt: skip

DEFAULT = "(default generator)"
_GIVEN = "<string>"
"""What Python calls the file of code that it was given on its command line."""

"""How a source is worded that gives numbers of a generator which nobody seeded."""

T = TypeVar("T", bound=Event)


class Trace(msgspec.Struct, frozen=True, dict=True):
    """All events of a run by kind, each in the order of time.

    `active` is false when no Python of the run loaded the hook. `code` are the files of installed
    distributions that Python imported, sources or the byte code of them, as Python names them.
    """

    opens: tuple[Open, ...] = ()
    crowds: tuple[FolderRead, ...] = ()
    code: tuple[str, ...] = ()
    removals: tuple[Remove, ...] = ()
    renames: tuple[Rename, ...] = ()
    links: tuple[Link, ...] = ()
    network: tuple[Network, ...] = ()
    commands: tuple[Command, ...] = ()
    processes: tuple[Process, ...] = ()
    interpreters: tuple[Interpreter, ...] = ()
    libraries: tuple[str, ...] = ()
    kernels: Mapping[str, str] = {}
    listings: tuple[Listing, ...] = ()
    entropy: tuple[EntropyCall, ...] = ()
    generators: tuple[DefaultGenerator, ...] = ()
    uncaught: tuple[Uncaught, ...] = ()
    versions: tuple[VersionTold, ...] = ()
    faults: tuple[Fault, ...] = ()

    @property
    def active(self) -> bool:
        """Whether at least one Python of the run was watched."""
        return bool(self.interpreters)

    @cached_property
    def _walk(self) -> _Walk:
        return _Walk(self)

    def reads(self) -> tuple[Open, ...]:
        """Return the first read or update of each path that no process had written before."""
        return tuple(self._walk.reads.values())

    def writes(self) -> tuple[Open, ...]:
        """Return the paths that hold what the run wrote, by their last names; not those removed.

        Whether each is there, and is a file, is for the caller to see.
        """
        return tuple(self._walk.written.values())

    def installed(self) -> list[str]:
        """Return the files that may be of an installed distribution and were read; others, too."""
        return [*self.code, *self._walk.reads]

    def addresses(self) -> tuple[str, ...]:
        """Return `host:port` of each foreign address contacted, by the name when one was asked.

        Loopback is left out: it is the run talking to itself.
        """
        return _addresses(self.network)

    def unhooked(self) -> tuple[Command, ...]:
        """Return the Python commands whose children cannot have been watched, as far as is seen."""
        return tuple(command for command in self.commands if is_blind(command))

    def calls(self) -> tuple[tuple[str, str, int], ...]:
        """Return who took unseeded entropy as (source, `file.py:12`, times), over all processes.

        The lines that draw from a default generator are looked up in the person's sources:
        times is 0 for these, and the line is empty when a library drew. Code that was given on
        the command line is `<string>:12`.
        """
        if not (self.entropy or self.generators):
            return ()
        from afield.runs.capture.draws import is_seeded_state, lines_drawing, lines_of_texts

        given = [text for one in self.interpreters if (text := text_given(one.argv)) is not None]
        found: dict[tuple[str, str], int] = {}
        drawn = {f"{event.module} {DEFAULT}": event.module for event in self.generators}
        by_line = set()
        for call in self.entropy:
            source, from_default, _ = call.source.partition(DEFAULT)
            if call.importing or (from_default and source + DEFAULT not in drawn):
                continue
            if from_default:
                by_line.add(source + DEFAULT)
            elif source.startswith("numpy.random") and is_seeded_state(call.where or ""):
                continue
            key = (call.source, call.where or "")
            found[key] = found.get(key, 0) + call.count
        sources = [event.path for event in self.opens if event.path.endswith(".py")]
        for source, module in drawn.items():
            lines = lines_drawing(sources, module)
            for text in given:
                lines += lines_of_texts({_GIVEN: text}, module)
            for where in lines or ([] if source in by_line else [""]):
                found.setdefault((source, where), 0)
        return tuple((source, where, count) for (source, where), count in found.items())


class _Source(msgspec.Struct):
    """How far one process's log has been read."""

    base: str
    pid: int
    segment: int = 0
    offset: int = 0
    ended: bool = False


class TraceFollower:
    """Reads a trace while it grows; each event is given once.

    Counts of entropy calls and faults are those at the time; `recount` gives the last ones.
    """

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self._sources: dict[str, _Source] = {}
        self._counted: dict[tuple[int, int], tuple[str, int]] = {}

    def poll(self) -> list[Event]:
        """Return the events since the last poll, in the order of time. Never raises OSError."""
        try:
            names = os.listdir(self._folder)
        except OSError:
            return []
        for name in names:
            base, _, rest = name.partition(".")
            pid = base.partition("-")[0]
            if rest == "0.events" and pid.isdigit() and base not in self._sources:
                self._sources[base] = _Source(base, int(pid))
        found: list[Event] = []
        for source in self._sources.values():
            if not source.ended:
                source.ended = _is_gone(source.pid)  # asked first: then all of it is there
                self._drain(source, found)
        found.sort(key=lambda event: event.at_ns)
        return found

    def recount(self, events: Iterable[Event]) -> list[Event]:
        """Return events of this follower's with the counts that they have now."""
        return [self._counted_anew(event) for event in events]

    def _counted_anew(self, event: Event) -> Event:
        place = self._counted.get((event.pid, event.at_ns))
        if place is None or not isinstance(event, EntropyCall | Fault):
            return event
        path, offset = place
        try:
            with open(path, "rb", buffering=0) as stream:
                stream.seek(offset)
                data = stream.read(8)
        except OSError:
            return event
        return msgspec.structs.replace(
            event, count=max(event.count, int.from_bytes(data, "little"))
        )

    def _drain(self, source: _Source, found: list[Event]) -> None:
        while True:
            path = os.path.join(self._folder, f"{source.base}.{source.segment}.events")
            after = os.path.join(self._folder, f"{source.base}.{source.segment + 1}.events")
            is_last = not os.path.exists(after)  # asked first: then this one is complete
            try:
                data, ends = _written(path, source.offset)
            except OSError:
                return
            at = 0
            for end in ends:
                event = parse(data[at + 4 : end - 1], source.pid)
                if event is not None:
                    found.append(event)
                if isinstance(event, EntropyCall | Fault):
                    self._counted[event.pid, event.at_ns] = (path, source.offset + at + 5)
                at = end
            source.offset += at
            if is_last:
                return
            source.segment += 1
            source.offset = 0


def _is_gone(pid: int) -> bool:
    """Tell whether no process has this id any more; its log then need not be asked again."""
    if os.name != "posix":  # there the same call would end the process
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    except OSError:
        return False
    return False


def _written(path: str, offset: int) -> tuple[bytes, list[int]]:
    """Return the whole records of a log that is being written, from an offset on, and their ends.

    They are read twice. A record's length is written last, but a copy of many bytes may load the
    length before what stands after it: only what is read once the length was seen is all there.
    """
    with open(path, "rb", buffering=0) as stream:
        stream.seek(offset)
        data = stream.read()
        ends: list[int] = []
        while (end := _record_end(data, ends[-1] if ends else 0)) is not None:
            ends.append(end)
        if not ends:
            return b"", ends
        stream.seek(offset)
        return stream.read(ends[-1]), ends


def _record_end(data: bytes, at: int) -> int | None:
    size_bytes = int.from_bytes(data[at : at + 4], "little")
    end = at + 4 + size_bytes
    if size_bytes == 0 or end > len(data) or data[end - 1] != 0x1E:  # noqa: PLR2004 - the mark
        return None
    return end


def read(folder: str) -> Trace:
    """Read the whole trace of a run, with the last counts; empty when there is none."""
    return collect(TraceFollower(folder).poll())


def collect(events: Iterable[Event]) -> Trace:
    """Sort events into a trace, by kind and time."""
    ordered = sorted(events, key=lambda event: event.at_ns)

    def of(kind: type[T]) -> tuple[T, ...]:
        return tuple(event for event in ordered if isinstance(event, kind))

    return Trace(
        opens=of(Open),
        crowds=of(FolderRead),
        code=tuple(dict.fromkeys(path for event in of(CodeRead) for path in event.paths)),
        removals=of(Remove),
        renames=of(Rename),
        links=of(Link),
        network=of(Network),
        commands=of(Command),
        processes=of(Process),
        interpreters=of(Interpreter),
        libraries=tuple(dict.fromkeys(event.path for event in of(Library))),
        kernels=_kernels(of(Kernel)),
        listings=of(Listing),
        entropy=of(EntropyCall),
        generators=of(DefaultGenerator),
        uncaught=of(Uncaught),
        versions=of(VersionTold),
        faults=of(Fault),
    )


def _kernels(told: Iterable[Kernel]) -> dict[str, str]:
    """Join what the processes of a run told; mixed ones are named together."""
    found: dict[str, list[str]] = {}
    for one in told:
        values = found.setdefault(one.name, [])
        if one.value not in values:
            values.append(one.value)
    return {name: " | ".join(sorted(found[name])) for name in sorted(found)}


class _Walk:
    """Goes through a run's file events once: what was read before it was written, and written."""

    def __init__(self, trace: Trace) -> None:
        self.reads: dict[str, Open] = {}
        self.written: dict[str, Open] = {}
        self._folders: set[str] = set()
        self._gone: set[str] = set()  # what the run took away may have been there at first
        events = (*trace.opens, *trace.removals, *trace.renames, *trace.links)
        for event in sorted(events, key=lambda event: event.at_ns):
            if isinstance(event, Open):
                self._open(event)
            elif isinstance(event, Remove):
                self._remove(event)
            elif isinstance(event, Rename):
                self._rename(event)
            elif isinstance(event, Link):
                self.written[event.target] = _written_by(event, event.target, event.where)
        for folder in self._folders:
            self.reads.pop(folder, None)

    def _open(self, event: Open) -> None:
        if event.new:
            self._made(event.path)
        if event.mode != "write" and event.path not in self.written:
            self.reads.setdefault(event.path, event)
        if event.mode != "read":
            self.written.setdefault(event.path, event)

    def _remove(self, event: Remove) -> None:
        self._gone.add(event.path)
        if event.folder:  # to remove a folder is to open it, too
            self._folders.add(event.path)
        if self.written.pop(event.path, None) is None:
            for below in [name for name in self.written if name.startswith(event.path + os.sep)]:
                del self.written[below]

    def _rename(self, event: Rename) -> None:
        """Let what was written go by its new name; a file that the run did not write counts."""
        self._gone.add(event.path)
        if event.new:
            self._made(event.target)
        moved = {event.path: event.target} if event.path in self.written else {}
        if not moved:
            start = event.path + os.sep
            moved = {
                name: event.target + os.sep + name[len(start) :]
                for name in self.written
                if name.startswith(start)
            }
        for path, target in (moved or {event.path: event.target}).items():
            origin = self.written.pop(path, None)
            where = origin.where if origin is not None else event.where
            self.written[target] = _written_by(event, target, where)

    def _made(self, path: str) -> None:
        """Nothing was at `path` before: an earlier open for reading had failed."""
        if path not in self._gone:
            self.reads.pop(path, None)


def _written_by(event: Event, path: str, where: str | None) -> Open:
    return Open(at_ns=event.at_ns, pid=event.pid, where=where, path=path, mode="write")


def _addresses(network: Iterable[Network]) -> tuple[str, ...]:
    names = dict.fromkeys(
        f"{event.host}:{event.port}"
        for event in network
        if event.verb == "resolve" and not _is_number(event.host) and not _is_local(event.host)
    )
    named_ports = {(event.pid, event.port) for event in network if event.verb == "resolve"}
    numbers = dict.fromkeys(
        f"{event.host}:{event.port}"
        for event in network
        if event.verb == "connect"
        and not _is_local(event.host)
        and (event.pid, event.port) not in named_ports
    )
    return (*names, *numbers)


def _is_number(host: str) -> bool:
    return ":" in host or host.replace(".", "").isdigit()


def _is_local(host: str) -> bool:
    return host in ("localhost", "::1", "0.0.0.0", "::", "") or host.startswith("127.")  # noqa: S104


def text_given(argv: Sequence[str]) -> str | None:
    """Return the code that a Python was given on its command line: `-c`; None when none was."""
    words = iter(argv[1:])
    for word in words:
        if word in ("-X", "-W", "--check-hash-based-pycs"):
            next(words, None)
        elif not word.startswith("-") or word == "-" or word.startswith("-m"):
            return None
        elif not word.startswith(("--", "-X", "-W")) and "c" in word:
            return word.partition("c")[2] or next(words, None)
    return None


def is_blind(command: Command) -> bool:
    """Tell whether a command is a Python that will not load the hook."""
    name = os.path.basename(command.executable or (command.argv[0] if command.argv else ""))
    if not name.startswith(("python", "pypy")):
        return False
    if not command.hooked:
        return True
    for arg in command.argv[1:]:
        if not arg.startswith("-") or arg in ("-", "-c", "-m"):
            return False
        if not arg.startswith("--") and set(arg[1:]) & set("SIE"):
            return True
    return False
