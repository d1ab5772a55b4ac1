"""A trial of all that a supervisor needs: filter, question, "go on", on a thread of its own.

Nothing of it stays: the thread ends, and its filter with it.
"""

from __future__ import annotations

import ctypes
import errno
import os
import select
import threading
from fcntl import ioctl

from afield.runs.capture.supervisor.bpf import build_for
from afield.runs.capture.supervisor.install import Installer
from afield.runs.capture.supervisor.layouts import NOTIFICATION, RECV
from afield.runs.capture.supervisor.numbers import Machine
from afield.runs.capture.supervisor.serve import go_on

_PATIENCE_MS = 5_000


class Trial:
    """A thread under a filter, of which one call is asked about, and let go on."""

    def __init__(self, machine: Machine) -> None:
        self._number = machine.calls["truncate"]
        self._installer = Installer(machine, build_for(machine, "truncate"))
        self._library = ctypes.CDLL(None, use_errno=True)
        self._dressed = threading.Event()
        self._listener = -1
        self._refused: OSError | None = None
        self._errno = 0

    def fails(self) -> str | None:
        """Return what went wrong, in words."""
        thread = threading.Thread(target=self._ask, name="afield-trial", daemon=True)
        thread.start()
        self._dressed.wait()
        if self._refused is None:
            try:
                self._answer()
            finally:
                os.close(self._listener)  # whoever still waits for an answer is told ENOSYS
        thread.join()
        if self._refused is not None and self._refused.errno == errno.EBUSY:
            return "another supervisor already listens to this process (a run inside a run?)"
        if self._refused is not None:
            return f"the system forbids it: {self._refused.strerror}"
        if self._errno != errno.EFAULT:  # what the kernel itself says of the path below
            return "the kernel does not let a call go on that it asked about (Linux 5.5 does)"
        return None

    def _ask(self) -> None:
        try:
            self._listener = self._installer.install()
        except OSError as error:
            self._refused = error
            return
        finally:
            self._dressed.set()
        self._library.syscall(self._number, 0, 0)  # a path that is nowhere
        self._errno = ctypes.get_errno()

    def _answer(self) -> None:
        poll = select.poll()
        poll.register(self._listener, select.POLLIN)
        question = bytearray(NOTIFICATION.size)
        try:
            if poll.poll(_PATIENCE_MS):
                ioctl(self._listener, RECV, question)
                go_on(self._listener, int(NOTIFICATION.unpack(question)[0]))
        except OSError:
            return  # the thread is told, and tells
