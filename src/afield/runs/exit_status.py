"""The exit status of a process, written into a run's live folder by libc as the process ends.

For scripts whose end nobody can see from within Python: glibc's `on_exit` calls libc's own
`fputc` with the status, when the interpreter is gone already. Who reads the folder next ends the
run by it. Nothing here decides how a run ended.
"""

from __future__ import annotations

import os
import sys
from typing import Any

STATUS = "exit-status"
_HEAD = b"exit status as a byte: "
_UNBUFFERED = 2  # _IONBF of glibc's stdio.h


def promise_status(folder: str) -> bool:
    """Have this process's exit status written into a live folder; False where that cannot be.

    It is not written when the process is killed or calls `os._exit`, nor by children that it
    forks. Meant for exit handlers: what a crash behind them makes of the status is not seen.
    """
    if not sys.platform.startswith("linux"):
        return False
    try:
        import ctypes  # seldom needed, and not light

        libc: Any = ctypes.CDLL(None)
        on_exit, fputc = libc.on_exit, libc.fputc  # musl has no `on_exit`
        libc.fdopen.restype = ctypes.c_void_p
        fd = os.open(_path(folder), os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o666)
        os.write(fd, _HEAD)  # takes the space of the byte: the disk may be full by then
        stream = ctypes.c_void_p(libc.fdopen(fd, b"a"))
        if not stream or libc.setvbuf(stream, None, _UNBUFFERED, ctypes.c_size_t(0)):
            return False
        os.register_at_fork(after_in_child=lambda: _let_go(fd))
        return bool(on_exit(ctypes.cast(fputc, ctypes.c_void_p), stream) == 0)
    except (ImportError, AttributeError, OSError):
        return False


def read_status(folder: str) -> int | None:
    """Return the exit status that was written, 0 to 255; None when there is none."""
    try:
        with open(_path(folder), "rb") as stream:
            found = stream.read(len(_HEAD) + 2)
    except OSError:
        return None
    written = found[len(_HEAD) :]
    return written[0] if found.startswith(_HEAD) and len(written) == 1 else None


def _path(folder: str) -> str:
    return os.path.join(folder, STATUS)


def _let_go(fd: int) -> None:
    """In a forked child, which inherits the call: have it write to nowhere."""
    nowhere = os.open(os.devnull, os.O_WRONLY | os.O_CLOEXEC)
    os.dup2(nowhere, fd, inheritable=False)
    os.close(nowhere)
