"""Whether the supervisor can be used here: asked of the kernel, by trying, on a thread of its own.

Nothing of this stays: the thread ends, and its filter with it.
"""

from __future__ import annotations

import errno
import os
import sys
import threading

from afield.runs.capture.supervisor.bpf import build
from afield.runs.capture.supervisor.install import Installer
from afield.runs.capture.supervisor.memory import TargetMemory, Unreadable
from afield.runs.capture.supervisor.numbers import this_machine

_ALLOW_ALL = bytes.fromhex("06000000") + (0x7FFF0000).to_bytes(4, "little")
_CAP_SYS_PTRACE = 19
_YAMA = "/proc/sys/kernel/yama/ptrace_scope"


def preflight() -> str | None:
    """Return why the supervisor cannot be used here, in words; None when it can."""
    if not sys.platform.startswith("linux"):
        return "it needs Linux"
    machine = this_machine()
    if machine is None or sys.maxsize < 1 << 32:
        return f"it does not know this processor: {os.uname().machine}"
    lacks = Installer(machine, build(machine)).lacks() or _forbidden()
    if lacks is not None:
        return lacks
    found: list[str | None] = []
    trial = threading.Thread(target=lambda: found.append(_try(Installer(machine, _ALLOW_ALL))))
    trial.start()
    trial.join()
    return found[0] if found else "the trial broke"


def _try(installer: Installer) -> str | None:
    """Install a filter that asks nothing, on this thread."""
    try:
        os.close(installer.install())
    except OSError as error:
        if error.errno == errno.EBUSY:
            return "another supervisor already listens to this process (a run inside a run?)"
        return f"the system forbids it: {error.strerror}"
    return None


def _forbidden() -> str | None:
    """Tell whether a process beside the run may read its memory."""
    scope = 0
    try:
        with open(_YAMA, encoding="ascii") as stream:
            scope = int(stream.read())
        # ambient: rights of this very process
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
