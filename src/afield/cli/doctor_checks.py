"""The checks of `afield doctor`: one function each, from a session to a result.

A check that cannot be made says `not run` with the reason; it is never shown as good.
"""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from afield.cli import words
from afield.cli.session import Session

State = Literal["pass", "fail", "not run", "error"]
COMMAND_TIMEOUT_S = 10
DISK_FREE_BYTES_MIN = 500_000_000


@dataclass(frozen=True, slots=True)
class Result:
    """What a check found, and what to do about it."""

    state: State
    detail: str
    hint: str | None = None


def python(_session: Session) -> Result:
    """The interpreter that Afield itself runs in."""
    where = f"{platform.python_implementation()} {platform.python_version()} at {sys.executable}"
    return Result("pass", where)


def system(_session: Session) -> Result:
    """The machine."""
    if sys.platform.startswith("linux"):
        return Result("pass", f"{platform.system()} {platform.release()} {platform.machine()}")
    return Result(
        "pass", f"{platform.system()} {platform.machine()}; Linux is the best tested system"
    )


def git(_session: Session) -> Result:
    """Git, which names the code of a run."""
    found = shutil.which("git")
    if found is None:
        return Result("fail", "not found: code is kept only as files that runs read",
                      "install git")  # fmt: skip
    return Result("pass", f"{_version(found)} at {found}")


def uv(session: Session) -> Result:
    """Uv, which rebuilds environments."""
    from afield.cli.tools import uv_path

    found = uv_path(session.environ)
    if found is None:
        return Result("fail", "not found: `afield reproduce` can only use --env here",
                      "pip install uv")  # fmt: skip
    return Result("pass", f"{_version(found)} at {found}")


def environment(session: Session) -> Result:
    """The Python that `afield run python …` would use."""
    found = shutil.which("python", path=session.environ.get("PATH"))
    if found is None:
        return Result("not run", "no `python` on PATH", "activate your environment first")
    return Result("pass", f"`python` is {_version(found)} at {found}")


def disk(session: Session) -> Result:
    """Space where the record stands."""
    path = Path(session.workspace().path)
    free = shutil.disk_usage(path).free
    state: State = "pass" if free >= DISK_FREE_BYTES_MIN else "fail"
    return Result(state, f"{words.size(free)} free at {path}")


def workspace(session: Session) -> Result:
    """The workspace opens, takes a write and folds."""
    found = session.workspace()
    runs = len(found.runs(limit=1000))
    with tempfile.NamedTemporaryFile(dir=found.path, prefix="doctor-", suffix=".tmp"):
        pass
    count = "1,000 runs or more" if runs >= 1000 else words.count(runs, "run")  # noqa: PLR2004 - the limit above
    return Result("pass", f"{found.path}: {count}, writable")


def record(session: Session) -> Result:
    """Every recorded byte; when there are many, all but the content of packs."""
    from afield.vault.check import GONE
    from afield.workspace.check import examine
    from afield.workspace.sampling import FULL, Extent

    found = session.workspace()
    packs = found.record.vault.packs
    size = sum(map(packs.size, packs.names()))
    quick = size > DISK_FREE_BYTES_MIN
    extent = Extent("quick", 0.0) if quick else FULL
    done = examine(found.record, found.projection, found.config.roots, extent)
    damaged = sum(finding.damaged for finding in done.findings)
    lost = sum(finding.what == GONE for finding in done.findings)
    if damaged:
        return Result("fail", f"damaged: {words.count(damaged, 'thing')}", "afield repair")
    if lost:
        detail = f"{words.count(lost, 'object')} lost in earlier damage"
        return Result("fail", detail, "afield repair --from PLACE, where a copy may be")
    if quick:
        return Result("not run", f"sound but for the content of {words.size(size)}, not read here",
                      "afield verify --sample 5%")  # fmt: skip
    return Result("pass", f"{words.size(size)} of objects and the whole journal are sound")


def capture_python(session: Session) -> Result:
    """Layer 1: the audit hook works in the `python` that runs would use."""
    found = shutil.which("python", path=session.environ.get("PATH")) or sys.executable
    code = "import sys; sys.addaudithook(lambda *a: None); print(*sys.version_info[:2])"
    done = subprocess.run(
        [found, "-c", code],
        capture_output=True,
        text=True,
        timeout=COMMAND_TIMEOUT_S,
        check=False,
    )
    if done.returncode:
        return Result("fail", f"`{found}` has no audit hooks: inputs are seen by stat only",
                      "use Python 3.8 or later")  # fmt: skip
    return Result("pass", "files, sockets and children of Python processes are seen (layer 1)")


def capture_kernel(_session: Session) -> Result:
    """Layer 2: the kernel's view of files."""
    from afield.runs.capture.supervisor.preflight import preflight

    reason = preflight()
    if reason is not None:
        return Result("not run", f"inputs are Python-level only: {reason}")
    return Result("pass", "files that any program of a run opens are seen (layer 2)")


def gpu(session: Session) -> Result:
    """GPUs, as the vendor's tool names them."""
    found = shutil.which("nvidia-smi", path=session.environ.get("PATH"))
    if found is None:
        return Result("not run", "no nvidia-smi: no GPU is recorded")
    done = subprocess.run(
        [found, "--query-gpu=name", "--format=csv,noheader"],
        capture_output=True,
        text=True,
        timeout=COMMAND_TIMEOUT_S,
        check=False,
    )
    names = ", ".join(line.strip() for line in done.stdout.splitlines() if line.strip())
    return Result("pass", names) if names else Result("fail", "nvidia-smi names no GPU")


CHECKS: dict[str, Callable[[Session], Result]] = {
    "python": python,
    "system": system,
    "git": git,
    "uv": uv,
    "environment": environment,
    "workspace": workspace,
    "disk": disk,
    "record": record,
    "capture: Python": capture_python,
    "capture: kernel": capture_kernel,
    "gpu": gpu,
}


def _version(command: str) -> str:
    done = subprocess.run(
        [command, "--version"],
        capture_output=True,
        text=True,
        timeout=COMMAND_TIMEOUT_S,
        check=False,
        env={**os.environ, "NO_COLOR": "1"},
    )
    text = (done.stdout or done.stderr).strip()
    return text.splitlines()[0].split(" (")[0] if text else "of unknown version"
