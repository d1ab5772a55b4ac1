"""Which folders of the project the run made itself, so that a reproduction leaves that to it.

A folder that was there may be in no tree of code (empty, ignored), and a run that writes into it
needs it; one that makes it would fail if it were there. The file system knows when it was born,
whoever made it. What was moved into place was not there either; what was removed or moved away
counts as there before.
"""

from __future__ import annotations

import os
import struct
import sys
from collections.abc import Iterable, Mapping

from afield.runs.capture.trace import Trace
from afield.runs.manifest import FileRecord

_AT_FDCWD = -100
_AT_SYMLINK_NOFOLLOW = 0x100
_BTIME = 0x800
_STATX_BYTES = 256
_BTIME_AT = 0x50


def folders_made(
    outputs: Iterable[FileRecord],
    *,
    root: str,
    code: Mapping[str, object],
    trace: Trace,
    mark_ns: int,
) -> tuple[str, ...]:
    """Return the folders of outputs that were born in the run, relative, the uppermost alone.

    Args:
        outputs: what the run wrote.
        root: the project's folder.
        code: paths of the code tree; their folders were there.
        trace: what was removed and moved.
        mark_ns: a time of the file system just before the run.
    """
    there = {above for path in code for above in _above(path)}
    gone = {event.path for event in trace.removals} | {event.path for event in trace.renames}
    placed = {event.target for event in trace.renames if event.new}
    made: dict[str, bool] = {}
    for one in outputs:
        if os.path.isabs(one.path):
            continue
        for folder in _above(one.path):
            if folder not in made:
                full = os.path.join(root, folder)
                known = folder in there or full in gone
                new = full in placed or (born_ns(full) or 0) >= mark_ns
                made[folder] = new and not known
            if made[folder]:
                break
    return tuple(sorted(folder for folder, is_new in made.items() if is_new))


def born_ns(path: str) -> int | None:
    """Return when a file or folder came to be, by its file system's clock; None if none says."""
    try:
        found = os.lstat(path)
        born_s = getattr(found, "st_birthtime", None)  # not on Linux
        if born_s is not None:
            return int(born_s * 1e9)
        return _statx_ns(os.fsencode(path)) if sys.platform == "linux" else None
    except (OSError, AttributeError):
        return None


def _statx_ns(path: bytes) -> int | None:
    """Ask `statx(2)`, whose layout the kernel's `linux/stat.h` has."""
    import ctypes  # seldom needed, and not light

    data = ctypes.create_string_buffer(_STATX_BYTES)
    statx = ctypes.CDLL(None).statx
    if statx(_AT_FDCWD, path, _AT_SYMLINK_NOFOLLOW, _BTIME, data) != 0:
        return None
    found = data.raw
    if not int.from_bytes(found[:4], sys.byteorder) & _BTIME:
        return None
    seconds, nanoseconds = struct.unpack_from("=qI", found, _BTIME_AT)
    return int(seconds * 10**9 + nanoseconds)


def _above(path: str) -> list[str]:
    """Return the folders that a relative path leads through, the uppermost first."""
    parts = path.split("/")[:-1]
    return ["/".join(parts[: end + 1]) for end in range(len(parts))]
