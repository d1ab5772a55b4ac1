"""What is known of a captured run before its command starts, kept in its live folder.

Whoever finds the run without its recorder makes the manifest from it (`unfinished`). It is not
synced: a loss of power may take it. Nothing in it is secret.
"""

from __future__ import annotations

import os
import time

import msgspec

from afield.runs.manifest import Manifest

BEFORE = "before.json"
CONSOLE = "console.bin"
TRACE = "trace"
_TICK_WAIT_S = 0.02


class Before(msgspec.Struct, kw_only=True, omit_defaults=True):
    """The manifest as far as it is known, and what is needed to complete it.

    Attributes:
        manifest: with the code tree; no environment, inputs or outputs yet.
        root: the project's folder.
        home: the person's home, under which tools keep caches; both as the system has them.
        trace: how files are watched, as it was asked for.
        stdin: what standard input is, when it is something whose bytes nobody keeps.
        mark_ns: the file system's time at which the run began.
        keep_bytes_max: files that are larger are named only.
        seen: of the files of code whose names are text: digest, size, mtime and ctime.
    """

    manifest: Manifest
    root: bytes
    home: bytes
    trace: str
    stdin: str | None = None
    mark_ns: int | None = None
    keep_bytes_max: int = 0
    seen: dict[str, tuple[str, int, int, int]] = {}


def before_path(live: str) -> str:
    """Return where it stands; its mtime tells when the run was last heard of."""
    return os.path.join(live, BEFORE)


def write_before(live: str, before: Before) -> None:
    """Write it down.

    Raises:
        OSError: the live folder cannot be written.
    """
    path = before_path(live)
    with open(path + ".tmp", "wb") as stream:
        stream.write(msgspec.json.encode(before))
    os.replace(path + ".tmp", path)


def read_before(live: str) -> Before | None:
    """Return what was written down; None when nothing was, or not all of it."""
    try:
        with open(before_path(live), "rb") as stream:
            return msgspec.json.decode(stream.read(), type=Before)
    except (OSError, msgspec.MsgspecError):
        return None


def begin_mark(path: str) -> int:
    """Return a file-system time after all that was written before this call, before all after.

    A kernel stamps files by a clock that ticks every few milliseconds; this waits for a tick.
    """
    first = _touch(path)
    give_up = time.monotonic() + _TICK_WAIT_S
    mark = first
    while mark == first and time.monotonic() < give_up:
        time.sleep(0.0005)
        mark = _touch(path)
    return mark


def _touch(path: str) -> int:
    with open(path, "wb", buffering=0) as stream:
        stream.write(b".")
        return os.fstat(stream.fileno()).st_ctime_ns
