"""Rebuilding a recorded Python environment with uv: exact pins, checked, cached by identity.

An environment is built once per identity in the cache, under a lock, at its final place (its
scripts name that place); a marker says that it is whole, and the stamps of its files, written
last and compared whenever it is used again, that it is what was checked. Editable distributions
of the project are not part of it: they are laid over it per reproduction, by `overlay`.
Nothing here runs the user's code.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec

from afield.kernel.digest import digest
from afield.kernel.files import OsFileSystem
from afield.replay.errors import NoEnvironment
from afield.replay.fetching import install, packages
from afield.replay.gaps import Gap
from afield.replay.installed import differences, spoiled
from afield.replay.interpreters import Interpreter, find_interpreter
from afield.replay.limits import ENVIRONMENT_WAIT_S
from afield.replay.overlay import HOOK_NAME, HOOK_TEXT
from afield.replay.patching import patched_files, put_patches_back
from afield.replay.shared import Borrowed, borrow
from afield.replay.stamps import Changes, changes_since, keep_stamps, named
from afield.replay.text import clip
from afield.replay.tools import Tools
from afield.runs.capture.conda import read_conda
from afield.runs.capture.distributions import normal_name
from afield.runs.manifest import Distribution, Environment
from afield.vault import Vault

MARKER = "afield-environment.json"
MARKER_VERSION = 2
STAMPS = ".files"
"""Beside the environment's folder, with this ending: the stamps of its files."""


@dataclass(frozen=True, slots=True)
class Built:
    """An environment that a run can be run in.

    Args:
        prefix: its folder.
        python: its interpreter.
        version: that interpreter's version.
        gaps: where it is not what was recorded.
        reused: it came out of the cache.
    """

    prefix: str
    python: str
    version: str
    gaps: tuple[Gap, ...] = ()
    reused: bool = False

    @property
    def scripts(self) -> str:
        """The folder of its programs, to go first on `PATH`."""
        return os.path.dirname(self.python)  # noqa: PTH120 - str at hand

    @property
    def sites(self) -> tuple[str, ...]:
        """Its folders of installed distributions."""
        root = Path(self.prefix)
        return tuple(str(path) for path in sorted(root.glob("[Ll]ib/**/site-packages")))

    def changes(self) -> tuple[Gap, ...]:
        """Say what became of its files since it was built: a run may write into its packages."""
        found = changes_since(self.prefix, f"{self.prefix}{STAMPS}")
        if found is None:
            told = "whether the environment changed while the command ran could not be checked"
            return (Gap("environment", told),)
        gaps: tuple[Gap, ...] = ()
        if found.changed:
            told = f"the environment was changed while the command ran: {named(found.changed)}"
            gaps = (Gap("environment", f"{told}; it will be built anew"),)
        if found.added:
            told = (
                f"files were added to the environment while the command ran: {named(found.added)}"
            )
            gaps += (Gap("environment", f"{told}; it will be built anew", note=True),)
        return gaps


def rebuild(recorded: Environment, *, vault: Vault, tools: Tools, folder: str) -> Built:
    """Return an environment with the recorded distributions, from the cache when it is there.

    Args:
        recorded: the environment as captured.
        vault: holds repacked wheels.
        tools: uv, cache, settings.
        folder: where uv is run; a project's own uv settings are found from there.

    Raises:
        NoEnvironment: no Python of the recorded minor version is on this machine, or uv
            cannot be run.
        Busy: another process has been building the same environment for too long.
    """
    base = _interpreter(recorded, tools)
    wanted = tuple(one for one in recorded.distributions if one.origin != "editable")
    borrowed = borrow(base, wanted, environ=tools.uv_environ(), folder=folder)
    prefix = Path(tools.cache) / "environments" / _key(base, wanted, borrowed)
    found = _whole(prefix)
    if found is None:
        prefix.parent.mkdir(parents=True, exist_ok=True)
        with OsFileSystem().lock(f"{prefix}.lock", ENVIRONMENT_WAIT_S):
            found = _whole(prefix) or _build(
                prefix, base, wanted, borrowed, vault=vault, tools=tools, folder=folder
            )
    found = replace(found, gaps=(*_without_conda(recorded, base), *found.gaps))
    if base.version == recorded.python:
        return found
    told = f"Python {recorded.python} is not on this machine; {base.version} was used"
    return replace(found, gaps=(Gap("environment", told), *found.gaps))


def _without_conda(recorded: Environment, base: Interpreter) -> tuple[Gap, ...]:
    """Say which packages of conda are not there: no Python index has them."""
    prefix = str(Path(base.path).parent.parent)
    have = set(read_conda(prefix, ()))
    lost = [f"{one.name} {one.version}" for one in recorded.conda if one not in have]
    if not lost:
        return ()
    told = f"packages of conda that are no Python packages are not rebuilt: {named(tuple(lost))}"
    return (Gap("environment", told),)


def _interpreter(recorded: Environment, tools: Tools) -> Interpreter:
    found = find_interpreter(
        recorded.python,
        recorded.implementation,
        recorded=(recorded.base_prefix, recorded.executable),
        uv=tools.uv,
        environ=tools.uv_environ(),
    )
    if found is None:
        minor = ".".join(recorded.python.split(".")[:2])
        raise NoEnvironment(
            "cannot rebuild the environment",
            f"{recorded.implementation} {recorded.python}",
            f"no Python {minor} is on this machine",
            hint=f"uv python install {recorded.python}",
        )
    return found


def _key(base: Interpreter, wanted: Sequence[Distribution], borrowed: Borrowed) -> str:
    parts = [
        (one.name, one.version, one.identity, one.origin, one.wheel, one.patched)
        for one in sorted(wanted, key=lambda one: one.name)
    ]
    taken = sorted(one.name for one in borrowed.distributions)
    told = msgspec.json.encode((MARKER_VERSION, HOOK_TEXT, base.path, base.version, parts, taken))
    return digest(told)[:32]


def _whole(prefix: Path) -> Built | None:
    """Return the environment if it is there, whole, and the one that was checked when built."""
    try:
        marker = msgspec.json.decode((prefix / MARKER).read_bytes(), type=_Marker)
    except (OSError, msgspec.MsgspecError):
        return None
    python = str(prefix / marker.python)
    if marker.v != MARKER_VERSION or not os.path.exists(python):  # noqa: PTH110 - follows links
        return None
    if changes_since(str(prefix), f"{prefix}{STAMPS}") != Changes():
        return None
    gaps = tuple(Gap("environment", told) for told in marker.differences)
    return Built(str(prefix), python, marker.version, gaps, reused=True)


class _Marker(msgspec.Struct, frozen=True):
    v: int
    python: str
    version: str
    differences: tuple[str, ...] = ()


def _build(
    prefix: Path,
    base: Interpreter,
    wanted: Sequence[Distribution],
    borrowed: Borrowed,
    *,
    vault: Vault,
    tools: Tools,
    folder: str,
) -> Built:
    shutil.rmtree(prefix, ignore_errors=True)
    tools.progress(f"building an environment: Python {base.version}, {packages(len(wanted))}")
    argv = ["venv", "--quiet", "--no-project", "--no-python-downloads", "--python", base.path]
    if borrowed.sites:
        argv.append("--system-site-packages")
    _, why = tools.run_uv([*argv, str(prefix)], folder)
    if why is not None:
        raise NoEnvironment("cannot make an environment", str(prefix), clip(why))
    python = next(
        path for name in ("bin/python", "Scripts/python.exe") if (path := prefix / name).exists()
    )
    own = [one for one in wanted if one not in borrowed.distributions]
    missing = install(python, own, vault, tools, folder)
    built = Built(str(prefix), str(python), base.version)
    for site in built.sites[:1]:
        Path(site, HOOK_NAME).write_text(HOOK_TEXT, encoding="utf-8")
    there = [one for one in wanted if one.name not in missing]
    told = differences(there, (*built.sites, *borrowed.sites))
    told += _mend(python, there, built.sites, vault=vault, tools=tools, folder=folder)
    lost = put_patches_back(there, built.sites, vault)
    if not missing and not lost:  # what is missing may be had another time: only a whole one
        marker = _Marker(MARKER_VERSION, str(python.relative_to(prefix)), base.version, told)
        OsFileSystem().write_new(str(prefix / MARKER), msgspec.json.encode(marker))
    keep_stamps(str(prefix), f"{prefix}{STAMPS}")
    gaps = [Gap("environment", line, missing=True) for line in missing.values()]
    gaps += [*lost, *(Gap("environment", line) for line in told)]
    return replace(built, gaps=tuple(gaps))


def _mend(
    python: Path,
    there: Sequence[Distribution],
    sites: Sequence[str],
    *,
    vault: Vault,
    tools: Tools,
    folder: str,
) -> tuple[str, ...]:
    """Install once more what came spoiled out of uv's cache; say what is so all the same."""
    patched = patched_files(there)
    found = spoiled(sites, but=patched)
    if not found:
        return ()
    bad = [one for one in there if normal_name(one.name) in found]
    install(python, bad, vault, tools, folder, fresh=True)
    again = spoiled(sites, but=patched)
    return tuple(f"{name}: {file} is not as installed" for name, file in again.items())
