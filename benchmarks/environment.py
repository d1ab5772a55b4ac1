"""Rebuilding an environment of numpy, pandas and scikit-learn with uv, its cache being warm.

Bound: 2 s of CPU, of ours and of uv, children included. The wheels are those of the environment
that runs this, from the person's own index settings or uv's cache; the first build is not counted.
What recording an environment costs is told, too: its RECORDs and the stamps of the files used.
"""

from __future__ import annotations

import os
import re
import resource
import statistics
import sys
import tempfile
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path

import msgspec

from afield.cli.tools import uv_path
from afield.kernel.files import OsFileSystem
from afield.replay.environment import Tools, rebuild
from afield.runs.capture.distributions import DistributionCache, normal_name
from afield.runs.capture.environment import ask_python, read_environment
from afield.runs.capture.patches import PatchCheck
from afield.runs.manifest import Environment
from afield.vault import Vault

WANTED = ("numpy", "pandas", "scikit-learn")
CPU_S_MAX = 2.0
PATCHES_CPU_S_MAX = 0.05
ROUNDS = 5


def cpu_s() -> float:
    """Return the CPU seconds of this process and its ended children."""
    whole = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(one.ru_utime + one.ru_stime for one in whole)


def closure(names: tuple[str, ...]) -> set[str]:
    """Return the distributions and all that they need, by normal name."""
    found: set[str] = set()
    waiting = list(names)
    while waiting:
        name = normal_name(waiting.pop())
        if name in found:
            continue
        try:
            needs = requires(name) or []
        except PackageNotFoundError:
            continue
        found.add(name)
        waiting += [
            re.split(r"[^\w.-]", need, maxsplit=1)[0] for need in needs if "extra" not in need
        ]
    return found


def recorded(names: set[str]) -> Environment | None:
    """Return the environment that runs this, cut to some distributions."""
    python = ask_python(sys.executable, os.environ, str(Path.cwd()))
    if python is None:
        return None
    found = read_environment(python, cache=DistributionCache(None))
    kept = tuple(one for one in found.distributions if normal_name(one.name) in names)
    return msgspec.structs.replace(found, distributions=kept)


def timed(action: Callable[[], object]) -> float:
    """Return the CPU seconds that an action takes."""
    before = cpu_s()
    action()
    return cpu_s() - before


def measure_builds(environment: Environment, folder: Path, uv: str) -> list[float]:
    """Return the CPU seconds of each build; raises when one is not as recorded."""
    vault = Vault(str(folder / "packs"), OsFileSystem())
    spent = []
    for number in range(ROUNDS + 1):
        tools = Tools(
            uv=uv,
            cache=str(folder / f"cache-{number}"),
            environ=os.environ,
            home=str(Path.home()),
            progress=lambda _: None,
        )
        os.sync()  # what is still to be written from before would be counted
        before = cpu_s()
        built = rebuild(environment, vault=vault, tools=tools, folder=str(folder))
        if built.gaps:
            sys.exit(f"not rebuilt: {built.gaps[0].detail}")
        if number:
            spent.append(cpu_s() - before)
    return spent


def measure_patches(folder: Path, names: set[str]) -> tuple[float, float]:
    """Return the CPU seconds of looking for hand-made patches: the first time, and warm."""
    python = ask_python(sys.executable, os.environ, str(folder))
    assert python is not None, "it was asked before"

    def look(cache: DistributionCache, *, check: bool) -> float:
        found = PatchCheck(str(folder / "installed"), names=names) if check else None
        return timed(lambda: read_environment(python, cache=cache, patches=found))

    cache = DistributionCache(None)
    look(cache, check=False)
    first = look(cache, check=True)
    warm = [look(cache, check=True) - look(cache, check=False) for _ in range(ROUNDS)]
    return first, statistics.median(warm)


def measure() -> bool:
    """Print what was measured; tell whether it is within bounds."""
    uv, names = uv_path(os.environ), closure(WANTED)
    environment = recorded(names)
    if uv is None or environment is None or not {normal_name(one) for one in WANTED} <= names:
        print("not run: uv, numpy, pandas and scikit-learn must be installed here")
        return True
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made).resolve()
        builds = measure_builds(environment, folder, uv)
        first, warm = measure_patches(folder, names)
    packages = len(environment.distributions)
    middle = statistics.median(builds)
    print(f"rebuilt, {packages} packages       {middle:>8.2f} s of CPU (best {min(builds):.2f})")
    print(f"patches looked for, first  {first:>8.2f} s of CPU")
    print(f"the same, nothing changed  {warm * 1e3:>8.1f} ms of CPU")
    return middle <= CPU_S_MAX and warm <= PATCHES_CPU_S_MAX


if __name__ == "__main__":
    sys.exit(not measure())
