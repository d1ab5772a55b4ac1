"""Whether the supervisor can be used here: asked of the system, and tried.

What other systems than Linux do not have is imported where it is used.
"""

from __future__ import annotations

import os
import sys

from afield.runs.capture.supervisor.bpf import build
from afield.runs.capture.supervisor.memory import TargetMemory, Unreadable
from afield.runs.capture.supervisor.numbers import this_machine

_CAP_SYS_PTRACE = 19
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
    """Tell whether a process beside the run may read its memory."""
    scope = 0
    try:
        with open(_YAMA, encoding="ascii") as stream:
            scope = int(stream.read())
    except (OSError, ValueError):
        scope = 0
    if scope and not _has_right(_CAP_SYS_PTRACE):
        return f"{_YAMA} is {scope}: only parents may read the memory of a process"
    try:
        memory = TargetMemory()
        memory.piece(os.getpid(), id(memory), 8)
    except Unreadable:
        return "the sandbox forbids process_vm_readv"
    return None


def _has_right(number: int) -> bool:
    try:
        with open("/proc/self/status", encoding="ascii", errors="replace") as stream:
            rights = next(line for line in stream if line.startswith("CapEff:"))
    except (OSError, StopIteration):
        return False
    return bool(int(rights.split()[1], 16) >> number & 1)
