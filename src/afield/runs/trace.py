"""Read what the hook inside a run's processes wrote: at the end, or live while it runs.

The format is told in `docs/format/trace.md`. Nothing here opens the files that the events
name, and nothing here decides what is an input: it gives the facts in the order in which they
happened, over all processes.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Literal, TypeVar, cast

Mode = Literal["read", "write", "update"]
T = TypeVar("T", bound="Event")


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """What all events have: when (monotonic clock of the machine), who, and the person's line.

    `where` is `file.py:12` with the file as Python names it (absolute, except in old versions
    and for `<string>`), None when no code of the person's own stood above.
    """

    at_ns: int
    pid: int
    where: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Open(Event):
    """The first open of a path by a process in this mode; it may have failed.

    `write` starts from nothing; `update` changes what is there (append, `r+`, databases).
    """

    path: str
    mode: Mode


@dataclass(frozen=True, slots=True, kw_only=True)
class Remove(Event):
    """A file or folder that was asked to go."""

    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Rename(Event):
    """A file or folder that was asked to move, over `target` when that exists."""

    path: str
    target: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Link(Event):
    """A hard or symbolic link `target` that was made to `path`."""

    path: str
    target: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Network(Event):
    """A first use of an address; `port` is empty when none was given."""

    verb: Literal["connect", "bind", "resolve"]
    host: str
    port: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Command(Event):
    """A program that was started. `hooked` is false when its variables leave the hook out."""

    argv: tuple[str, ...]
    executable: str
    folder: str
    hooked: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Process(Event):
    """A process with Python in it, by a start (`exec`) or a fork."""

    parent: int
    started_by: Literal["exec", "fork"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Interpreter(Event):
    """A Python that was started; `path` is its sys.path before the script's folder."""

    executable: str
    version: str
    implementation: str
    prefix: str
    base_prefix: str
    path: tuple[str, ...]
    argv: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Library(Event):
    """A shared library: asked for by name through ctypes, or loaded when a process ended."""

    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing(Event):
    """A line that lists a folder in the file system's own order."""

    function: str
    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EntropyCall(Event):
    """A line that took entropy without a seed. `importing`: a library did while it loaded."""

    source: str
    count: int
    importing: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault(Event):
    """A fault of the hook itself; the run did not notice."""

    what: str
    count: int


@dataclass(frozen=True, slots=True)
class Trace:
    """All events of a run by kind, each in the order of time.

    `active` is false when no Python of the run loaded the hook.
    """

    opens: tuple[Open, ...] = ()
    removals: tuple[Remove, ...] = ()
    renames: tuple[Rename, ...] = ()
    links: tuple[Link, ...] = ()
    network: tuple[Network, ...] = ()
    commands: tuple[Command, ...] = ()
    processes: tuple[Process, ...] = ()
    interpreters: tuple[Interpreter, ...] = ()
    libraries: tuple[str, ...] = ()
    listings: tuple[Listing, ...] = ()
    entropy: tuple[EntropyCall, ...] = ()
    faults: tuple[Fault, ...] = ()

    @property
    def active(self) -> bool:
        """Whether at least one Python of the run was watched."""
        return bool(self.interpreters)

    def reads(self) -> tuple[Open, ...]:
        """Return the first read or update of each path that no process had written before."""
        return _files(self)[0]

    def writes(self) -> tuple[Open, ...]:
        """Return the paths that hold what the run wrote, by their last names; not those removed.

        Whether each is there, and is a file, is for the caller to see.
        """
        return _files(self)[1]

    def addresses(self) -> tuple[str, ...]:
        """Return `host:port` of each foreign address contacted, by the name when one was asked.

        Loopback is left out: it is the run talking to itself.
        """
        return _addresses(self.network)

    def unhooked(self) -> tuple[Command, ...]:
        """Return the Python commands whose children cannot have been watched, as far as is seen."""
        return tuple(command for command in self.commands if _is_blind(command))

    def calls(self) -> tuple[tuple[str, str, int], ...]:
        """Return who took unseeded entropy as (source, `file.py:12`, times), over all processes."""
        found: dict[tuple[str, str], int] = {}
        for call in self.entropy:
            if not call.importing:
                key = (call.source, call.where or "")
                found[key] = found.get(key, 0) + call.count
        return tuple((source, where, count) for (source, where), count in found.items())


@dataclass(slots=True)
class _Source:
    """How far one process's log has been read."""

    base: str
    pid: int
    segment: int = 0
    offset: int = 0
    late: list[tuple[str, int]] = field(default_factory=list)


class TraceFollower:
    """Reads a trace while it grows; each event is given once.

    Counts of entropy calls and faults are those at the time; `read` gives the last ones.
    """

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self._sources: dict[str, _Source] = {}

    def poll(self) -> list[Event]:
        """Return the events since the last poll, in the order of time. Never raises OSError."""
        try:
            names = os.listdir(self._folder)
        except OSError:
            return []
        for name in names:
            base, _, rest = name.partition(".")
            if rest == "0.events" and base not in self._sources:
                self._sources[base] = _Source(base, int(base.partition("-")[0]))
        found: list[Event] = []
        for source in self._sources.values():
            self._drain(source, found)
        found.sort(key=lambda event: event.at_ns)
        return found

    def _drain(self, source: _Source, found: list[Event]) -> None:
        while True:
            path = os.path.join(self._folder, f"{source.base}.{source.segment}.events")
            after = os.path.join(self._folder, f"{source.base}.{source.segment + 1}.events")
            is_last = not os.path.exists(after)  # asked first: then this one is complete
            try:
                with open(path, "rb", buffering=0) as stream:
                    stream.seek(source.offset)
                    data = stream.read()
            except OSError:
                return
            at = 0
            while (end := _record_end(data, at)) is not None:
                event = parse(data[at + 4 : end - 1], source.pid)
                if event is not None:
                    found.append(event)
                at = end
            source.offset += at
            if is_last:
                return
            source.segment += 1
            source.offset = 0


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
        removals=of(Remove),
        renames=of(Rename),
        links=of(Link),
        network=of(Network),
        commands=of(Command),
        processes=of(Process),
        interpreters=of(Interpreter),
        libraries=tuple(dict.fromkeys(event.path for event in of(Library))),
        listings=of(Listing),
        entropy=of(EntropyCall),
        faults=of(Fault),
    )


def parse(payload: bytes, pid: int) -> Event | None:
    """Return the event of a record; None for kinds of later versions and what is malformed."""
    kind, count = payload[:1], 0
    if kind in b"ex":
        count = int.from_bytes(payload[1:9], "little")
        payload = kind + payload[9:]
    fields = payload.decode("utf-8", "surrogateescape").split("\0")
    make = _MAKERS.get(fields[0])
    try:
        return make(pid, int(fields[1]), fields[2:], count) if make else None
    except (IndexError, ValueError):
        return None


def _open(pid: int, at_ns: int, fields: list[str], _: int) -> Event:
    mode: Mode = {"r": "read", "w": "write"}.get(fields[0], "update")  # type: ignore[assignment]
    return Open(at_ns=at_ns, pid=pid, path=_normal(fields[1]), mode=mode, where=fields[2] or None)


def _remove(pid: int, at_ns: int, fields: list[str], _: int) -> Event:
    return Remove(at_ns=at_ns, pid=pid, path=_normal(fields[0]), where=fields[1] or None)


def _rename(pid: int, at_ns: int, fields: list[str], _: int) -> Event:
    path, target, where = fields
    return Rename(
        at_ns=at_ns, pid=pid, path=_normal(path), target=_normal(target), where=where or None
    )


def _link(pid: int, at_ns: int, fields: list[str], _: int) -> Event:
    path, target, where = fields
    return Link(
        at_ns=at_ns, pid=pid, path=_normal(path), target=_normal(target), where=where or None
    )


def _network(pid: int, at_ns: int, fields: list[str], _: int) -> Event:
    verb = cast("Literal['connect', 'bind', 'resolve']", fields[0])
    return Network(
        at_ns=at_ns, pid=pid, verb=verb, host=fields[1], port=fields[2], where=fields[3] or None
    )


def _command(pid: int, at_ns: int, fields: list[str], _: int) -> Event:
    return Command(
        at_ns=at_ns,
        pid=pid,
        where=fields[0] or None,
        hooked=fields[1] == "1",
        folder=_normal(fields[2]),
        executable=fields[3],
        argv=tuple(fields[4:]),
    )


def _process(pid: int, at_ns: int, fields: list[str], _: int) -> Event:
    started_by: Literal["exec", "fork"] = "fork" if fields[1] == "fork" else "exec"
    return Process(at_ns=at_ns, pid=pid, parent=int(fields[0]), started_by=started_by)


def _interpreter(pid: int, at_ns: int, fields: list[str], _: int) -> Event:
    executable, version, implementation, prefix, base_prefix, entries = fields[:6]
    end = 6 + int(entries)
    return Interpreter(
        at_ns=at_ns,
        pid=pid,
        executable=executable,
        version=version,
        implementation=implementation,
        prefix=prefix,
        base_prefix=base_prefix,
        path=tuple(fields[6:end]),
        argv=tuple(fields[end:]),
    )


def _library(pid: int, at_ns: int, fields: list[str], _: int) -> Event:
    return Library(at_ns=at_ns, pid=pid, path=fields[0], where=fields[1] or None)


def _listing(pid: int, at_ns: int, fields: list[str], _: int) -> Event:
    return Listing(
        at_ns=at_ns, pid=pid, function=fields[0], path=_normal(fields[1]), where=fields[2] or None
    )


def _entropy(pid: int, at_ns: int, fields: list[str], count: int) -> Event:
    return EntropyCall(
        at_ns=at_ns,
        pid=pid,
        source=fields[0],
        where=fields[1] or None,
        importing=fields[2] == "i",
        count=count,
    )


def _fault(pid: int, at_ns: int, fields: list[str], count: int) -> Event:
    return Fault(at_ns=at_ns, pid=pid, what=fields[0], count=count)


_MAKERS: dict[str, Callable[[int, int, list[str], int], Event]] = {
    "o": _open,
    "d": _remove,
    "m": _rename,
    "l": _link,
    "n": _network,
    "c": _command,
    "p": _process,
    "i": _interpreter,
    "b": _library,
    "s": _listing,
    "e": _entropy,
    "x": _fault,
}


def _normal(path: str) -> str:
    return os.path.normpath(path) if path else path


def _files(trace: Trace) -> tuple[tuple[Open, ...], tuple[Open, ...]]:
    """Walk through the run once: what was read before it was written, and what was written."""
    reads: dict[str, Open] = {}
    written: dict[str, Open] = {}
    events: list[Event] = [*trace.opens, *trace.removals, *trace.renames]
    events.sort(key=lambda event: event.at_ns)
    for event in events:
        if isinstance(event, Open):
            if event.mode != "write" and event.path not in written:
                reads.setdefault(event.path, event)
            if event.mode != "read":
                written.setdefault(event.path, event)
        elif isinstance(event, Remove):
            _drop(written, event.path)
        elif isinstance(event, Rename):
            _move(written, event)
    return tuple(reads.values()), tuple(written.values())


def _drop(written: dict[str, Open], path: str) -> None:
    if written.pop(path, None) is None:
        for below in [name for name in written if name.startswith(path + os.sep)]:
            del written[below]


def _move(written: dict[str, Open], event: Rename) -> None:
    """Let what was written go by its new name; a file moved that the run did not write counts."""
    moved = {event.path: event.target} if event.path in written else {}
    if not moved:
        start = event.path + os.sep
        moved = {
            name: event.target + os.sep + name[len(start) :]
            for name in written
            if name.startswith(start)
        }
    if not moved:
        moved = {event.path: event.target}
    for path, target in moved.items():
        origin = written.pop(path, None)
        written[target] = Open(
            at_ns=event.at_ns,
            pid=event.pid,
            where=origin.where if origin is not None else event.where,
            path=target,
            mode="write",
        )


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


def _is_blind(command: Command) -> bool:
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
