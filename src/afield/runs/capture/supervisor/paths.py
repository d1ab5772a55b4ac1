"""Which file a system call means: its path made absolute as the calling process would take it.

Relative paths start at the process's folder or at a descriptor, both asked of /proc at the time
of the call. Paths are bytes throughout.
"""

from __future__ import annotations

import os

from afield.runs.capture.supervisor.numbers import AT_FDCWD

_NO_DATA = (b"/proc/", b"/sys/", b"/dev/")
_DATA_ALL_THE_SAME = b"/dev/shm/"
_THROUGH_PROC = rb"(?s)/proc/(self|thread-self|\d+)(?:/task/\d+)?/(cwd|root|fd/\d+)(?:/(.+))?"
_STREAMS = {b"/dev/stdin": 0, b"/dev/stdout": 1, b"/dev/stderr": 2}
_DELETED = b" (deleted)"
_FOLDERS_MAX = 10_000
_walked_folders: dict[bytes, bytes] = {}


def signed(number: int) -> int:
    """Return the C `int` that an argument's low half is."""
    number &= 0xFFFFFFFF
    return number - (1 << 32) if number >= 1 << 31 else number


def absolute(raw: bytes, pid: int, dirfd: int) -> bytes | None:
    """Return the absolute path of what a call names; None when nothing can be there.

    `dirfd` is the descriptor a relative path starts from, as the call has it.
    """
    if raw[:1] == b"/":
        path = raw
    elif raw:
        start = start_of(pid, dirfd)
        if start is None:
            return None
        path = start + b"/" + raw
    else:
        return None
    if b"/." in path or b"//" in path or path[-1:] == b"/":
        path = _normal(path)
    return through_proc(path, pid) if path.startswith(_NO_DATA) else path


def start_of(pid: int, dirfd: int) -> bytes | None:
    """Return the folder that relative paths start from; None when the descriptor is no folder."""
    number = signed(dirfd)
    link = b"/proc/%d/cwd" % pid if number == AT_FDCWD else b"/proc/%d/fd/%d" % (pid, number)
    try:
        found = os.readlink(link)
    except OSError:
        return None
    return found if found.startswith(b"/") and not found.endswith(_DELETED) else None


def is_no_data(path: bytes) -> bool:
    """Tell whether a path is the system's own: devices, processes, kernel settings."""
    return path.startswith(_NO_DATA) and not path.startswith(_DATA_ALL_THE_SAME)


def _normal(path: bytes) -> bytes:
    """Remove `.`, `//` and, where the folder before is no link, `..`."""
    folder, _, name = path.rstrip(b"/").rpartition(b"/")
    if name in (b".", b".."):
        return _walked(path)
    known = _walked_folders.get(folder)
    if known is None:
        if len(_walked_folders) >= _FOLDERS_MAX:
            _walked_folders.clear()
        known = _walked_folders[folder] = _walked(folder).rstrip(b"/")
    return known + b"/" + name


def forget_folders() -> None:
    """Walk through folders anew from now on: one of them was moved, or a link was made."""
    _walked_folders.clear()


def _walked(path: bytes) -> bytes:
    parts = path.split(b"/")
    if b".." in parts:
        last = len(parts) - parts[::-1].index(b"..")
        head = os.path.realpath(b"/".join(parts[:last]))
        path = os.path.join(head, *parts[last:])
    found = os.path.normpath(path or b"/")
    return found[1:] if found.startswith(b"//") else found


def through_proc(path: bytes, pid: int) -> bytes:
    """Follow `/proc/self/cwd/x`, `/dev/fd/3` to what they are for this process; others stay."""
    if path in _STREAMS:
        path = b"/proc/self/fd/%d" % _STREAMS[path]
    elif path.startswith(b"/dev/fd/"):
        path = b"/proc/self" + path[4:]
    import re  # seldom needed, and not light

    found = re.fullmatch(_THROUGH_PROC, path)
    if found is None:
        return path
    whose, link, rest = found.groups()
    if whose in (b"self", b"thread-self"):
        whose = b"%d" % pid
    try:
        start = os.readlink(b"/proc/%s/%s" % (whose, link))
    except OSError:
        return path
    if not start.startswith(b"/"):  # a pipe, a socket
        return path
    return os.path.join(start, rest) if rest else start
