"""What a run uses: peak memory of its processes, and graphics memory where there is some.

CPU comes from the kernel's own account when the command ends. Memory is sampled, seldom and
cheaply, because that account takes the peak of our own process for the command's.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import threading
from collections.abc import Mapping

from afield.runs.capture.limits import GPU_PERIOD_MS
from afield.runs.capture.programs import find_program

_FIRST_PERIOD_S = 0.02
_PERIOD_S = 1.0
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 4096
_PROCESSES_MAX = 4096


class MemoryWatch:
    """Samples the memory of a process and all below it, on Linux; elsewhere it sees nothing."""

    def __init__(self) -> None:
        self.peak_bytes = 0
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self, pid: int, heartbeat: str | None = None) -> None:
        """Watch from now on; touch the file `heartbeat` each time, which tells that we live."""
        self._thread = threading.Thread(
            target=self._run, args=(pid, heartbeat), name="afield-memory", daemon=True
        )
        self._thread.start()

    def stop(self) -> int:
        """Watch no more; return the peak in bytes, 0 when nothing was seen."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
        return self.peak_bytes

    def _run(self, pid: int, heartbeat: str | None) -> None:
        period_s = _FIRST_PERIOD_S
        while not self._stop.wait(period_s):
            period_s = min(period_s * 1.5, _PERIOD_S)
            if heartbeat is not None:
                with contextlib.suppress(OSError):
                    os.utime(heartbeat)
            self.peak_bytes = max(self.peak_bytes, _tree_bytes(pid), _high_water_bytes(pid))


def _tree_bytes(pid: int) -> int:
    waiting = [pid]
    total = seen = 0
    while waiting and seen < _PROCESSES_MAX:
        seen += 1
        here = waiting.pop()
        with contextlib.suppress(OSError, ValueError, IndexError):
            with open(f"/proc/{here}/statm", "rb") as stream:
                total += int(stream.read().split()[1]) * _PAGE_BYTES
            with open(f"/proc/{here}/task/{here}/children", "rb") as stream:
                waiting += map(int, stream.read().split())
    return total


def _high_water_bytes(pid: int) -> int:
    try:
        with open(f"/proc/{pid}/status", "rb") as stream:
            for line in stream:
                if line.startswith(b"VmHWM:"):
                    return int(line.split()[1]) * 1024
    except (OSError, ValueError, IndexError):
        pass  # it has ended meanwhile
    return 0


class GpuWatch:
    """Reads names and used memory of the graphics cards from `nvidia-smi`, beside the run."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._program = find_program("nvidia-smi", environ.get("PATH", os.defpath))
        self._environ = dict(environ)
        self._process: subprocess.Popen[bytes] | None = None
        self._thread: threading.Thread | None = None
        self._names: dict[str, str] = {}
        self._first: dict[str, int] = {}
        self._peak: dict[str, int] = {}

    def start(self) -> None:
        """Watch from now on; nothing happens where there is no such program."""
        if self._program is None:
            return
        words = ["--query-gpu=index,memory.used,name", "--format=csv,noheader,nounits"]
        with contextlib.suppress(OSError):
            self._process = subprocess.Popen(
                [self._program, *words, f"--loop-ms={GPU_PERIOD_MS}"],
                env=self._environ,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
            )
            self._thread = threading.Thread(target=self._run, name="afield-gpu", daemon=True)
            self._thread.start()

    def stop(self) -> tuple[tuple[str, ...], int | None]:
        """Return the cards' names and by how many bytes their used memory rose at most."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait()
        if self._thread is not None:
            self._thread.join()
        if not self._names:
            return (), None
        rise = sum(self._peak[index] - self._first[index] for index in self._peak)
        return tuple(self._names.values()), rise << 20

    def _run(self) -> None:
        if self._process is None or self._process.stdout is None:
            return
        with self._process.stdout as lines:
            for line in lines:
                with contextlib.suppress(ValueError):
                    index, used, name = line.decode("utf-8", "replace").split(",", 2)
                    self._names[index] = name.strip()
                    self._first.setdefault(index, int(used))
                    self._peak[index] = max(self._peak.get(index, 0), int(used))


def own_peak_bytes() -> int:
    """Return the peak memory of this process: what a child's account starts from."""
    return _high_water_bytes(os.getpid())
