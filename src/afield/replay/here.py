"""The Python environment of the place one stands in, read as capture reads that of a run."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path

from afield.replay.errors import NoPythonHere
from afield.runs.capture.distributions import DistributionCache, normal_name
from afield.runs.capture.environment import ask_python, read_environment
from afield.runs.capture.patches import PatchCheck
from afield.runs.manifest import Distribution, Environment

_NAMES = ("python", "python3")


def environment_here(
    environ: Mapping[str, str],
    folder: str,
    *,
    cache: str | None,
    checked: Iterable[Distribution] = (),
) -> Environment:
    """Return the environment of the active venv, else of `python` on `PATH`.

    Args:
        environ: the person's variables: `VIRTUAL_ENV` and `PATH` decide.
        folder: where the interpreter is asked.
        cache: the file that remembers what was read of distributions; beside it a folder
            remembers which of their files are as installed.
        checked: distributions whose files are looked at as well, as those of the recorded run were.

    Raises:
        NoPythonHere: there is none, or it does not answer.
    """
    program = _program(environ)
    if program is None:
        raise NoPythonHere("no Python here", why="neither an active venv nor `python` on PATH")
    found = ask_python(program, environ, folder)
    if found is None:
        raise NoPythonHere("cannot read the environment", program, "it does not answer")
    known = DistributionCache(cache)
    patches = PatchCheck(
        None if cache is None else str(Path(cache).parent / "installed"),
        names={normal_name(one.name) for one in checked if one.checked},
    )
    environment = read_environment(found, cache=known, patches=patches)
    known.save()
    return environment


def _program(environ: Mapping[str, str]) -> str | None:
    if active := environ.get("VIRTUAL_ENV"):
        for name in ("bin/python", "Scripts/python.exe"):
            path = Path(active) / name
            if path.exists():
                return str(path)
        raise NoPythonHere("the active venv has no Python", active, hint="deactivate")
    for name in _NAMES:
        if found := shutil.which(name, path=environ.get("PATH", os.defpath)):
            return found
    return None
