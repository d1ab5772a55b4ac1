"""Finding a Python of the recorded version on this machine; nothing is ever downloaded."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

_ASK = (
    "import json,platform,sys;"
    "print(json.dumps([platform.python_version(),platform.python_implementation(),"
    "sys.base_prefix]))"
)
ASK_TIMEOUT_S = 30.0


@dataclass(frozen=True, slots=True)
class Interpreter:
    """A Python that can be the base of an environment."""

    path: str
    version: str
    implementation: str

    def is_minor(self, version: str) -> bool:
        """Tell whether it is of the same `3.x`."""
        return self.version.split(".")[:2] == version.split(".")[:2]


def find_interpreter(
    version: str,
    implementation: str,
    *,
    recorded: tuple[str, ...],
    uv: str,
    environ: Mapping[str, str],
) -> Interpreter | None:
    """Return the nearest interpreter: that very version, or another micro of the same minor.

    Args:
        version: such as `3.11.7`.
        implementation: such as `CPython`.
        recorded: paths and prefixes the record names; asked first.
        uv: the uv program.
        environ: variables for uv and the interpreters.
    """
    nearest: Interpreter | None = None
    for path in _candidates(version, recorded, partial(_uv_find, uv, environ), environ):
        found = _ask(path, environ)
        if found is None or found.implementation.lower() != implementation.lower():
            continue
        if found.version == version:
            return found
        if nearest is None and found.is_minor(version):
            nearest = found
    return nearest


def _candidates(
    version: str,
    recorded: tuple[str, ...],
    uv_find: Callable[[str], str | None],
    environ: Mapping[str, str],
) -> Iterator[str]:
    minor = ".".join(version.split(".")[:2])
    for place in recorded:
        if not place:
            continue
        if os.path.isdir(place):  # noqa: PTH112 - str at hand
            for name in (f"bin/python{minor}", "bin/python3", "python.exe"):
                yield str(Path(place) / name)
        else:
            yield place
    for wanted in (version, minor):
        if found := uv_find(wanted):
            yield found
    yield from _of_pyenv(version, minor, environ)


def _of_pyenv(version: str, minor: str, environ: Mapping[str, str]) -> Iterator[str]:
    """Yield the interpreters that pyenv has installed, the wanted one first; uv knows none."""
    home = environ.get("HOME") or environ.get("USERPROFILE") or ""
    root = environ.get("PYENV_ROOT") or (os.path.join(home, ".pyenv") if home else "")  # noqa: PTH118 - str at hand
    if root:
        versions = Path(root, "versions")
        yield str(versions / version / "bin" / "python")
        yield from (
            str(path) for path in sorted(versions.glob(f"{minor}.*/bin/python"), reverse=True)
        )


def _uv_find(uv: str, environ: Mapping[str, str], wanted: str) -> str | None:
    argv = [uv, "python", "find", "--no-project", "--system", "--no-python-downloads", wanted]
    try:
        done = subprocess.run(
            argv, env=dict(environ), capture_output=True, timeout=ASK_TIMEOUT_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return os.fsdecode(done.stdout).strip() or None if done.returncode == 0 else None


def _ask(path: str, environ: Mapping[str, str]) -> Interpreter | None:
    if not os.path.isfile(path):  # noqa: PTH113 - str at hand
        return None
    try:
        done = subprocess.run(
            [path, "-I", "-S", "-c", _ASK],
            env=dict(environ),
            capture_output=True,
            timeout=ASK_TIMEOUT_S,
            check=False,
        )
        version, implementation, _ = json.loads(done.stdout)
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return None
    return Interpreter(path, version, implementation)
