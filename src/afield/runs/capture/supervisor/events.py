"""What the supervisor tells: files about to be opened or moved, programs about to run, gaps.

Read from the log of `log`, written by `sightings`. What of it is an input is decided elsewhere.
"""

from __future__ import annotations

import os
from typing import Literal, cast

import msgspec

Verb = Literal["read", "write", "update", "new", "remove", "rename", "link", "folder"]


class FileEvent(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The first sight of a file, before the call; paths are absolute, links not followed.

    `write` starts from nothing, `update` changes what is there, `new`: nothing was there. `target`
    is where a file is moved or linked to, empty otherwise; `fresh`: nothing was at the target.
    `folder`: files of this folder are read, and no longer told one by one.
    The facts are those before the call, 0 where there was no file or none was asked.
    """

    at_ns: int
    pid: int
    verb: Verb
    path: str
    target: str = ""
    fresh: bool = False
    device: int = 0
    inode: int = 0
    size_bytes: int = 0
    mtime_ns: int = 0


class ExecEvent(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A program that is about to replace what `pid` ran; up to 64 words are told."""

    at_ns: int
    pid: int
    path: str
    folder: str
    argv: tuple[str, ...]


class Gap(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Why not every file was seen; told once each."""

    at_ns: int
    why: str


class WithRights(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A program that takes another user's rights (`sudo`), which a supervised run cannot."""

    at_ns: int
    path: str


Event = FileEvent | ExecEvent | Gap | WithRights


def parse(payload: bytes) -> Event | None:
    """Return the event of a payload; None for one that this version does not know."""
    fields = payload.split(b"\0")
    try:
        verb, at_ns, pid = fields[0].decode(), int(fields[1]), int(fields[2])
        path, target = os.fsdecode(fields[3]), os.fsdecode(fields[4])
        if verb == "gap":
            return Gap(at_ns=at_ns, why=path)
        if verb == "rights":
            return WithRights(at_ns=at_ns, path=path)
        if verb == "exec":
            argv = tuple(os.fsdecode(word) for word in fields[9:])
            return ExecEvent(at_ns=at_ns, pid=pid, path=path, folder=target, argv=argv)
        return FileEvent(
            at_ns=at_ns,
            pid=pid,
            verb=cast("Verb", verb),
            path=path,
            target=target,
            device=int(fields[5]),
            inode=int(fields[6]),
            size_bytes=int(fields[7]),
            mtime_ns=int(fields[8]),
            fresh=fields[9:] == [b"new"],
        )
    except (IndexError, ValueError):
        return None
