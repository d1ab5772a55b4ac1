"""What the hook tells of a run's processes, as facts, and how they are parsed.

The records are specified in `docs/format/trace.md`; `runs.capture.trace` reads the files of them.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Literal, cast

import msgspec

Mode = Literal["read", "write", "update"]


class Event(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What all events have: when (monotonic clock of the machine), who, and the person's line.

    `where` is `file.py:12` with the file as Python names it (absolute, except in old versions
    and for `<string>`), None when no code of the person's own stood above.
    """

    at_ns: int
    pid: int
    where: str | None = None


class Open(Event, frozen=True, kw_only=True, gc=False):
    """The first open of a path by a process in this mode; it may have failed.

    `write` starts from nothing; `update` changes what is there (append, `r+`, databases).
    `new`: nothing was there, so that an earlier open for reading had failed.
    """

    path: str
    mode: Mode
    new: bool = False


class FolderRead(Event, frozen=True, kw_only=True, gc=False):
    """A folder of which a process reads so many files that it tells them no longer one by one."""

    path: str


class CodeRead(Event, frozen=True, kw_only=True, gc=False):
    """Files of installed code (sources, or the byte code of them) that a process opened."""

    paths: tuple[str, ...]


class Remove(Event, frozen=True, kw_only=True, gc=False):
    """A file or folder that was asked to go."""

    path: str
    folder: bool


class Rename(Event, frozen=True, kw_only=True, gc=False):
    """A file or folder that was asked to move, over `target` when that exists.

    `new`: nothing was there.
    """

    path: str
    target: str
    new: bool = False


class Link(Event, frozen=True, kw_only=True, gc=False):
    """A hard or symbolic link `target` that was made to `path`."""

    path: str
    target: str


class Network(Event, frozen=True, kw_only=True, gc=False):
    """A first use of an address; `port` is empty when none was given."""

    verb: Literal["connect", "bind", "resolve"]
    host: str
    port: str


class Command(Event, frozen=True, kw_only=True, gc=False):
    """A program that was started. `hooked` is false when its variables leave the hook out."""

    argv: tuple[str, ...]
    executable: str
    folder: str
    hooked: bool


class Process(Event, frozen=True, kw_only=True, gc=False):
    """A process with Python in it, by a start (`exec`) or a fork."""

    parent: int
    started_by: Literal["exec", "fork"]


class Interpreter(Event, frozen=True, kw_only=True, gc=False):
    """A Python that was started; `path` is its sys.path before the script's folder."""

    executable: str
    version: str
    implementation: str
    prefix: str
    base_prefix: str
    path: tuple[str, ...]
    argv: tuple[str, ...]


class Library(Event, frozen=True, kw_only=True, gc=False):
    """A shared library: asked for by name through ctypes, or loaded when a process ended."""

    path: str


class Watched(Event, frozen=True, kw_only=True, gc=False):
    """A library was imported that opens files past Python.

    `whole` is false when not all its calls can be told; `missing` are those that it should have.
    """

    module: str
    whole: bool
    missing: tuple[str, ...]


class Handed(Event, frozen=True, kw_only=True, gc=False):
    """A path that was handed to a library, to be read or to be written."""

    path: str


class VersionTold(Event, frozen=True, kw_only=True, gc=False):
    """A version of a dataset that a program took out of a record, told by Afield in that program.

    `asked` are its words, `workspace` the record's folder. `path` is the file that it opened, `.`
    for the whole version as a folder, empty when it only looked the version up.
    """

    asked: str
    workspace: str
    name: str
    number: int
    tree: str
    added_ms: int
    path: str
    digest: str
    size_bytes: int


class Kernel(Event, frozen=True, kw_only=True, gc=False):
    """What a library of numbers chose for the CPU, told when a process ended."""

    name: str
    value: str


class Listing(Event, frozen=True, kw_only=True, gc=False):
    """A line that lists a folder in the file system's own order."""

    function: str
    path: str


class EntropyCall(Event, frozen=True, kw_only=True, gc=False):
    """A line that took entropy without a seed. `importing`: a library did while it loaded.

    A source that ends in `(not replayed)` gave what no seed brings back.
    """

    source: str
    count: int
    importing: bool


class DefaultGenerator(Event, frozen=True, kw_only=True, gc=False):
    """The default generator of a module (`random`, `numpy.random`, `torch`) gave unseeded numbers.

    It is seen when the process ends or seeds the generator, so no line is known.
    """

    module: str


class Uncaught(Event, frozen=True, kw_only=True, gc=False):
    """An exception that nobody caught, as its type is printed, with (file, line, function)."""

    exception: str
    places: tuple[tuple[str, int, str], ...]


class Fault(Event, frozen=True, kw_only=True, gc=False):
    """A fault of the hook itself; the run did not notice."""

    what: str
    count: int


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
    mode: Mode = {"r": "read", "w": "write", "n": "write"}.get(fields[0], "update")  # type: ignore[assignment]
    return Open(
        at_ns=at_ns,
        pid=pid,
        path=_normal(fields[1]),
        mode=mode,
        where=fields[2] or None,
        new=fields[0] == "n",
    )


def _folder_read(pid: int, at_ns: int, fields: list[str], _: int) -> Event:
    return FolderRead(at_ns=at_ns, pid=pid, path=_normal(fields[0]), where=fields[1] or None)


def _code_read(pid: int, at_ns: int, fields: list[str], _: int) -> Event:
    return CodeRead(at_ns=at_ns, pid=pid, paths=tuple(fields))


def _remove(pid: int, at_ns: int, fields: list[str], _: int) -> Event:
    kind, path, where = fields
    return Remove(
        at_ns=at_ns, pid=pid, path=_normal(path), folder=kind == "folder", where=where or None
    )


def _rename(pid: int, at_ns: int, fields: list[str], _: int) -> Event:
    path, target, where, new = fields
    return Rename(
        at_ns=at_ns,
        pid=pid,
        path=_normal(path),
        target=_normal(target),
        where=where or None,
        new=new == "n",
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


def _watched(pid: int, at_ns: int, fields: list[str], _: int) -> Event:
    return Watched(
        at_ns=at_ns, pid=pid, module=fields[0], whole=fields[1] == "1", missing=tuple(fields[2:])
    )


def _handed(pid: int, at_ns: int, fields: list[str], _: int) -> Event:
    return Handed(at_ns=at_ns, pid=pid, path=_normal(fields[0]), where=fields[1] or None)


def _version(pid: int, at_ns: int, fields: list[str], _: int) -> Event:
    asked, workspace, name, number, tree, added_ms, path, digest, size_bytes, where = fields
    return VersionTold(
        at_ns=at_ns,
        pid=pid,
        where=where or None,
        asked=asked,
        workspace=workspace,
        name=name,
        number=int(number),
        tree=tree,
        added_ms=int(added_ms),
        path=path,
        digest=digest,
        size_bytes=int(size_bytes),
    )


def _kernel(pid: int, at_ns: int, fields: list[str], _: int) -> Event:
    return Kernel(at_ns=at_ns, pid=pid, name=fields[0], value=fields[1])


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


def _generator(pid: int, at_ns: int, fields: list[str], _: int) -> Event:
    return DefaultGenerator(at_ns=at_ns, pid=pid, module=fields[0])


def _uncaught(pid: int, at_ns: int, fields: list[str], _: int) -> Event:
    files, lines, functions = fields[1::3], map(int, fields[2::3]), fields[3::3]
    places = tuple(zip(files, lines, functions, strict=True))
    return Uncaught(at_ns=at_ns, pid=pid, exception=fields[0], places=places)


def _fault(pid: int, at_ns: int, fields: list[str], count: int) -> Event:
    return Fault(at_ns=at_ns, pid=pid, what=fields[0], count=count)


_MAKERS: dict[str, Callable[[int, int, list[str], int], Event]] = {
    "o": _open,
    "f": _folder_read,
    "a": _code_read,
    "d": _remove,
    "m": _rename,
    "l": _link,
    "n": _network,
    "c": _command,
    "p": _process,
    "i": _interpreter,
    "b": _library,
    "k": _kernel,
    "t": _version,
    "v": _handed,
    "w": _watched,
    "s": _listing,
    "e": _entropy,
    "g": _generator,
    "u": _uncaught,
    "x": _fault,
}


def _normal(path: str) -> str:
    return os.path.normpath(path) if path else path
