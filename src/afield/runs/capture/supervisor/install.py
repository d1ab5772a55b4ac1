"""Putting the filter on a thread: the two system calls, and which of the kernel's flags it takes.

A filter stays on the thread, and on all that the thread starts, until they end; so does
`no_new_privs`. Nobody may call this from a thread that goes on to do anything else.
"""

from __future__ import annotations

import ctypes
import errno
import os

from afield.runs.capture.supervisor.layouts import (
    FLAG_NEW_LISTENER,
    FLAG_SPEC_ALLOW,
    FLAG_TSYNC,
    FLAG_TSYNC_ESRCH,
    FLAG_WAIT_KILLABLE_RECV,
    RET_USER_NOTIF,
    SECCOMP_GET_ACTION_AVAIL,
    SECCOMP_GET_NOTIF_SIZES,
    SECCOMP_SET_MODE_FILTER,
    SIZES,
    SIZES_FORMAT,
)
from afield.runs.capture.supervisor.numbers import Machine

_PR_SET_NO_NEW_PRIVS = 38
_FLAGS = (
    FLAG_NEW_LISTENER | FLAG_SPEC_ALLOW | FLAG_WAIT_KILLABLE_RECV,
    FLAG_NEW_LISTENER | FLAG_SPEC_ALLOW,  # before Linux 5.19
)


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("lines", ctypes.c_void_p))


class Installer:
    """Everything that `install` needs, made beforehand: between its two calls nothing is opened."""

    def __init__(self, machine: Machine, program: bytes) -> None:
        self._library = ctypes.CDLL(None, use_errno=True)
        self._seccomp = machine.calls["seccomp"]
        self._lines = ctypes.create_string_buffer(program, len(program))
        self._program = _Program(len(program) // 8, ctypes.addressof(self._lines))

    def lacks(self) -> str | None:
        """Return what the kernel lacks, in words; None when it can do all of it."""
        action = ctypes.c_uint32(RET_USER_NOTIF)
        if self._call(SECCOMP_GET_ACTION_AVAIL, 0, ctypes.byref(action)) != 0:
            return f"the kernel has no seccomp notifications ({_why()})"
        sizes = ctypes.create_string_buffer(SIZES_FORMAT.size)
        if self._call(SECCOMP_GET_NOTIF_SIZES, 0, sizes) != 0:
            return f"the kernel does not tell the sizes of notifications ({_why()})"
        if SIZES_FORMAT.unpack(sizes.raw) != SIZES:
            return "the kernel's notifications have a form that is not known"
        return None

    def install(self) -> int:
        """Put the filter on the calling thread; return the listener, which is close-on-exec.

        Raises:
            OSError: EBUSY below another listener, EPERM or EACCES where a sandbox forbids it.
        """
        if self._library.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
            raise OSError(ctypes.get_errno(), "no_new_privs is refused")
        for flags in _FLAGS:
            listener = self._call(SECCOMP_SET_MODE_FILTER, flags, ctypes.byref(self._program))
            if listener >= 0:
                return int(listener)
            if ctypes.get_errno() != errno.EINVAL:
                break
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))

    def flags_for_all_threads(self) -> int:
        """Return the flags by which a process of threads gets a filter; 0 before Linux 5.7."""
        for flags in _FLAGS:
            together = flags | FLAG_TSYNC | FLAG_TSYNC_ESRCH
            self._call(SECCOMP_SET_MODE_FILTER, together, None)  # no program: it never succeeds
            if ctypes.get_errno() == errno.EFAULT:  # the flags are looked at first
                return together
        return 0

    def _call(self, operation: int, flags: int, argument: object) -> int:
        return int(self._library.syscall(self._seccomp, operation, flags, argument))


def _why() -> str:
    return os.strerror(ctypes.get_errno()).lower()
