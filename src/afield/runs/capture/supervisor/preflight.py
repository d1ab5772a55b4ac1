"""Whether the supervisor can be used here: asked of the system, and tried.

What other systems than Linux do not have is imported where it is used.
"""

from __future__ import annotations

import os
import subprocess
import sys

from afield.runs.capture.supervisor.bpf import build
from afield.runs.capture.supervisor.memory import TargetMemory, Unreadable
from afield.runs.capture.supervisor.numbers import this_machine

_CAP_SYS_PTRACE = 19
VFORK = "_USE_VFORK"
"""The switch of `subprocess` between `fork` and `vfork`, named in its documentation."""

_YAMA = "/proc/sys/kernel/yama/ptrace_scope"


def preflight() -> str | None:
    """Return why the supervisor cannot be used here, in words; None when it can."""
    if not sys.platform.startswith("linux"):
        return "it needs Linux"
    machine = this_machine()
    if machine is None or sys.maxsize < 1 << 32:
        return f"it does not know this processor: {os.uname().machine}"
    from afield.runs.capture.supervisor.install import Installer
    from afield.runs.capture.supervisor.trial import Trial

    return Installer(machine, build(machine)).lacks() or _forbidden() or Trial(machine).fails()


def _forbidden() -> str | None:
    """Return what keeps us from reading the memory of processes that we started."""
    if _scope() > 1 and not _has_right(_CAP_SYS_PTRACE):
        return f"{_YAMA} is {_scope()}: nobody may read the memory of a process"
    if not reads_apart() and not hasattr(subprocess, VFORK):
        return f"{_YAMA} is {_scope()}, and this Python cannot be told to fork"
    try:
        memory = TargetMemory()
        memory.piece(os.getpid(), id(memory), 8)
    except Unreadable:
        return "the sandbox forbids process_vm_readv"
    return None


def reads_apart() -> bool:
    """Tell whether a process may read the memory of one that it did not start."""
    return _scope() == 0 or _has_right(_CAP_SYS_PTRACE)


def _scope() -> int:
    try:
        with open(_YAMA, encoding="ascii") as stream:
            return int(stream.read())
    except (OSError, ValueError):
        return 0


def _has_right(number: int) -> bool:
    try:
        with open("/proc/self/status", encoding="ascii", errors="replace") as stream:
            rights = next(line for line in stream if line.startswith("CapEff:"))
    except (OSError, StopIteration):
        return False
    return bool(int(rights.split()[1], 16) >> number & 1)
