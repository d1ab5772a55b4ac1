"""What a reader of another tool's runs hands over: a run as it is listed, and all that it holds.

Plain facts, nothing of which has been written. Texts are as the tool has them: secrets are
replaced by `run_writer`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any, BinaryIO

from afield.kernel.digest import digest
from afield.kernel.ids import ALPHABET, RunId
from afield.runs.manifest import Manifest
from afield.workspace.bring.run_points import Points

_ID_CHARS = 16


@dataclass(frozen=True, slots=True)
class KeptFile:
    """A file of a run.

    Attributes:
        name: what it is called in the run: a relative POSIX path.
        size_bytes: of it; None when only reading tells.
        stamp: tells, with the size, whether it is still what was read before.
        path: where it lies, when it is here.
        open: opens it, when it is elsewhere.
    """

    name: str
    size_bytes: int | None
    stamp: str
    path: str | None = None
    open: Callable[[], AbstractContextManager[BinaryIO]] | None = None


@dataclass(frozen=True, slots=True)
class Left:
    """Something that was not brought, and why; `meant`: nobody would want it."""

    what: str
    why: str
    meant: bool = False


@dataclass(slots=True)
class Found:
    """All that a source holds of a run.

    Attributes:
        status: how it ended, as `runs.events.STATUSES` has it.
        started_ms: when it began, Unix milliseconds; `ended_ms` when it ended, or was last heard
            of.
        parent: the key of the run inside which it began.
        note: a person's words on it.
        console: what it printed.
        manifest: what is known of command, code and machine; without the console.
        lines: files that the reader makes itself, of lines of text, by name.
        about: what has no place elsewhere; JSON.
        left: what of it cannot be brought.
    """

    name: str
    project: str
    experiment: str
    status: str
    started_ms: int
    ended_ms: int
    points: Points
    exit_code: int | None = None
    host: str = ""
    parent: str | None = None
    params: Mapping[str, object] = field(default_factory=dict)
    summary: Mapping[str, object] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    note: str = ""
    files: list[KeptFile] = field(default_factory=list)
    lines: dict[str, list[str]] = field(default_factory=dict)
    console: bytes = b""
    manifest: Manifest | None = None
    about: dict[str, Any] = field(default_factory=dict)
    left: list[Left] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Listed:
    """A run that a source lists.

    Attributes:
        key: tells it from all runs of the tool, wherever the source lies.
        name: what it is called.
        mark: another one whenever the source holds more of it, or something else.
        read: reads all of it.
        known_as: keys under which it may have been brought before, besides its own.
        ours: the run here that it is, if there is one of this id: it was exported, or is served by
            Afield itself.
    """

    key: str
    name: str
    mark: str
    read: Callable[[], Found]
    known_as: tuple[str, ...] = ()
    ours: str | None = None


def run_of(tool: str, key: str) -> RunId:
    """Return the id that a run of a tool has here.

    It is made of the key alone, so that an import which is repeated, stopped, or done by two
    people makes one run of it.
    """
    found = bytes.fromhex(digest(f"afield import 1\0{tool}\0{key}".encode()))
    return RunId("".join(ALPHABET[byte & 31] for byte in found[:_ID_CHARS]))


def counted(number: int, noun: str) -> str:
    """Return `1 run`, `2 runs`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def is_file_name(name: str) -> bool:
    """Tell whether a name of a tool may name a file of a run: a path that leads nowhere else."""
    parts = name.split("/")
    return not (
        not name
        or "\\" in name
        or ":" in parts[0]
        or any(part in ("", ".", "..") for part in parts)
        or any(ord(sign) < ord(" ") for sign in name)
    )
