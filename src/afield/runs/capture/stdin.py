"""Whether a command read its standard input, whose bytes nobody keeps.

It is inherited, never read by us: what we took would be missing to whoever reads on after it. So
all that is looked at is how far a file was read, and what waits in a pipe.
"""

from __future__ import annotations

import array
import fcntl
import os
import select
import stat
import termios


class StdinWatch:
    """Looks at standard input before a command and after it."""

    def __init__(self, descriptor: int = 0) -> None:
        self._descriptor = descriptor
        self.kind = _kind(descriptor)
        self._before = self._look()

    def read_from(self) -> str | None:
        """Say what it came from, a file or a pipe, unless it is certain that nothing was read.

        A pipe that was empty and open at both ends of the run may have been read all the same;
        that is how most programs start others without meaning to tell them anything.
        """
        if self.kind is None:
            return None
        after = self._look()
        if self.kind == "a file":
            return self.kind if after != self._before else None
        waiting, closed = self._before
        if after == self._before and (waiting or closed):
            return None  # it waits untouched, or there was never anything to read
        return self.kind if waiting or after[1] else None

    def _look(self) -> tuple[int, bool]:
        """Return the offset of a file; of a pipe how much waits, and whether no more will come."""
        try:
            if self.kind == "a file":
                return os.lseek(self._descriptor, 0, os.SEEK_CUR), False
            if self.kind == "a pipe":
                waiting = array.array("i", [0])
                fcntl.ioctl(self._descriptor, termios.FIONREAD, waiting)
                poll = select.poll()
                poll.register(self._descriptor, select.POLLIN)
                closed = any(event & select.POLLHUP for _, event in poll.poll(0))
                return waiting[0], closed
        except OSError:
            pass
        return 0, False


def _kind(descriptor: int) -> str | None:
    """Return None for a terminal, the null device and what is closed."""
    try:
        mode = os.fstat(descriptor).st_mode
    except OSError:
        return None
    if stat.S_ISREG(mode):
        return "a file"
    return "a pipe" if stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode) else None
