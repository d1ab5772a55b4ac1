"""Where the command's stdout and stderr go: a pipe, or a pseudo-terminal of its own.

A pseudo-terminal is made only for a stream that is one already, so that progress bars draw
as they would without us. Its output processing is off: the command's bytes arrive as they
were written. Reading them and handing them on is the pump's work.
"""

from __future__ import annotations

import contextlib
import os
from typing import BinaryIO

try:
    import fcntl
    import struct
    import termios

    HAS_TERMINALS = True
except ImportError:  # pragma: no cover - Windows has pipes only
    HAS_TERMINALS = False

_DEFAULT_SIZE = (24, 80)


def descriptor(stream: BinaryIO) -> int | None:
    """Return the file descriptor behind a stream, or None when there is none."""
    try:
        return stream.fileno()
    except (OSError, AttributeError, ValueError):
        return None


def is_terminal(stream: BinaryIO, *, otherwise: bool) -> bool:
    """Tell whether a stream is a terminal; `otherwise` when it has no descriptor."""
    fd = descriptor(stream)
    return otherwise if fd is None else os.isatty(fd)


def open_channel(*, terminal: bool, like: BinaryIO) -> tuple[int, int, bool]:
    """Return (our end to read, the command's end to write, whether it is a terminal)."""
    if terminal and HAS_TERMINALS:
        with contextlib.suppress(OSError):  # no free pseudo-terminal: a pipe does too
            master, slave = os.openpty()
            _plain_output(slave)
            resize(master, like)
            return master, slave, True
    read_end, write_end = os.pipe()
    return read_end, write_end, False


def resize(master: int, like: BinaryIO) -> None:
    """Give a pseudo-terminal the window size of the real one."""
    rows, columns = _DEFAULT_SIZE
    size = struct.pack("HHHH", rows, columns, 0, 0)
    fd = descriptor(like)
    if fd is not None:
        with contextlib.suppress(OSError):
            size = fcntl.ioctl(fd, termios.TIOCGWINSZ, size)
    with contextlib.suppress(OSError):
        fcntl.ioctl(master, termios.TIOCSWINSZ, size)


def _plain_output(slave: int) -> None:
    modes = termios.tcgetattr(slave)
    modes[1] &= ~termios.OPOST
    modes[3] &= ~termios.ECHO
    termios.tcsetattr(slave, termios.TCSANOW, modes)
