"""Who a live folder belongs to, and whether that process is still there.

A process is named by host, boot, pid and its start time, because pids come again. What the
system does not tell (start times off Linux) is left empty and not compared.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Sequence

import msgspec

from afield.runs.exit_status import read_status
from afield.runs.series.live import live_parts

OWNER = "owner.json"
ENDING = "ending.json"
CHILD = "child"
_ENDING_BYTES = 512
_MAKING_NS = 60 * 1_000_000_000
SERVED = "served"
"""Stands among what was `given` of a run that a server records; its pid is 0, or who ends it."""


class Owner(msgspec.Struct, frozen=True):
    """Whose a live folder is, and what a process that joins the run should know of it.

    Attributes:
        pid: of the process that began the run.
        born: when that process started, as `born` tells it.
        host: its machine.
        name: the run's name.
        project: its project.
        experiment: its experiment.
        given: which of the three a person has chosen; a script may choose the others.
    """

    pid: int
    born: str
    host: str
    name: str
    project: str
    experiment: str
    given: Sequence[str] = ()


class Ending(msgspec.Struct, frozen=True):
    """How a run ended, as written into its live folder just before the journal.

    `ended_ms` is None where a client says that its run ended, and not when.
    """

    status: str
    exit_code: int | None
    signal: str | None
    ended_ms: int | None


def host_name() -> str:
    """Return this machine's name."""
    import platform  # not light

    return platform.node().encode("utf-8", "replace").decode()  # a system's may be no text


def born(pid: int) -> str | None:
    """Return what tells a process from others with its pid; None when there is no such process.

    On Linux the boot's id and the start in ticks since then; elsewhere an empty text.
    """
    try:
        with open(f"/proc/{pid}/stat", "rb") as stream:
            fields = stream.read().rpartition(b")")[2].split()
    except FileNotFoundError:
        if os.path.isdir("/proc/self"):
            return None
        return "" if _signal_reaches(pid) else None
    except ProcessLookupError:  # it went between opening and reading
        return None
    except OSError:
        return ""
    if fields[0] in (b"Z", b"X"):  # dead, and only its parent has not asked yet
        return None
    return f"{_boot_id()}:{fields[19].decode()}"


def write_owner(folder: str, owner: Owner) -> None:
    """Write down whose the live folder is; not synced, for it means nothing after a reboot."""
    with open(os.path.join(folder, OWNER), "wb") as stream:
        stream.write(msgspec.json.encode(owner))


def read_owner(folder: str) -> Owner | None:
    """Return whose the live folder is; None when nobody wrote it down, or not yet whole."""
    try:
        with open(os.path.join(folder, OWNER), "rb") as stream:
            return msgspec.json.decode(stream.read(), type=Owner)
    except (OSError, ValueError, msgspec.MsgspecError):
        return None


def write_child(folder: str, pid: int) -> None:
    """Write down which process the recorded command is; the run lives as long as it does.

    Raises:
        OSError: the live folder cannot be written.
    """
    with open(os.path.join(folder, CHILD), "w", encoding="ascii") as stream:
        stream.write(f"{pid} {born(pid) or ''}")


def _child_lives(folder: str) -> bool:
    try:
        with open(os.path.join(folder, CHILD), encoding="ascii") as stream:
            pid, _, started = stream.read().partition(" ")
        return _is_same(int(pid), started)
    except (OSError, ValueError):
        return False


def reserve_ending(folder: str) -> None:
    """Take the space that an ending needs: the disk may be full by then.

    Raises:
        OSError: the live folder cannot be written.
    """
    with open(os.path.join(folder, ENDING + ".tmp"), "wb") as stream:
        stream.write(b" " * _ENDING_BYTES)


def write_ending(folder: str, ending: Ending) -> None:
    """Write down how the run ended, for whoever must finish an ending that was cut short."""
    with contextlib.suppress(OSError):  # without it a sweeper would say `interrupted`, no more
        path = os.path.join(folder, ENDING)
        mode = "r+b" if os.path.exists(path + ".tmp") else "wb"
        with open(path + ".tmp", mode) as stream:
            stream.write(msgspec.json.encode(ending).ljust(_ENDING_BYTES))
        os.replace(path + ".tmp", path)


def read_ending(folder: str) -> Ending | None:
    """Return how the run ended, when its process came that far."""
    try:
        with open(os.path.join(folder, ENDING), "rb") as stream:
            return msgspec.json.decode(stream.read(), type=Ending)
    except (OSError, ValueError, msgspec.MsgspecError):
        return None


def is_alive(folder: str, host: str, now_ns: int, foreign_age_s: float) -> bool:
    """Tell whether anybody may still write to a live folder.

    Its owner, the command that it records, and every process that logged a series into it (a
    training goes on when its `afield run` was killed). Nobody, once the owner has left its exit
    status. A server's run belongs to no process: it goes on until somebody ends it, and dies with
    who does. Processes of other hosts cannot be asked: such a folder counts as alive until nothing
    in it has changed for `foreign_age_s`.
    """
    if read_status(folder) is not None:
        return False
    owner = read_owner(folder)
    if owner is not None and SERVED in owner.given:
        return owner.pid == 0 or _is_same(owner.pid, owner.born)
    if owner is None:  # being made just now, or never finished
        return changed_ns(folder) > now_ns - _MAKING_NS
    if owner.host != host:
        return changed_ns(folder) > now_ns - int(foreign_age_s * 1e9)
    if _is_same(owner.pid, owner.born) or _child_lives(folder):
        return True
    return any(_is_same(part.pid, part.born) for part in live_parts(folder))


def _is_same(pid: int, started: str) -> bool:
    now = born(pid)
    return now is not None and (not now or not started or now == started)


def changed_ns(folder: str) -> int:
    """Return when anything in a folder last changed; 0 when it is gone."""
    newest = 0
    try:
        newest = os.stat(folder).st_mtime_ns
        with os.scandir(folder) as found:
            for item in found:
                newest = max(newest, item.stat().st_mtime_ns)
    except FileNotFoundError:
        pass
    return newest


def _boot_id() -> str:
    try:
        with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as stream:
            return stream.read(8)
    except OSError:
        return ""


def _signal_reaches(pid: int) -> bool:
    if os.name == "nt":  # pragma: no cover - signal 0 would end the process there
        return _windows_has(pid)
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _windows_has(pid: int) -> bool:  # pragma: no cover - exercised on Windows only
    import ctypes  # Windows only

    kernel32 = ctypes.windll.kernel32  # type: ignore[attr-defined,unused-ignore]
    handle = kernel32.OpenProcess(0x1000, 0, pid)  # PROCESS_QUERY_LIMITED_INFORMATION
    if not handle:
        return False
    kernel32.CloseHandle(handle)
    return True
