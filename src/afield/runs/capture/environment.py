"""The Python environment of the command: its interpreter, and every distribution in it.

It is the environment of whatever Python the command used, never ours. The hook tells which
one that was; without the hook the interpreter is asked. Reading `*.dist-info` lives in
`distributions`.
"""

from __future__ import annotations

import os
import subprocess
import sysconfig
from collections.abc import Mapping, Sequence

import msgspec

from afield.kernel.digest import digest
from afield.runs.capture.conda import read_conda
from afield.runs.capture.distributions import DistributionCache, Found, find_distributions
from afield.runs.capture.limits import PROBE_S
from afield.runs.capture.patches import PatchCheck
from afield.runs.capture.programs import find_program
from afield.runs.manifest import CondaPackage, Distribution, Environment
from afield.vault import Vault

_ASK = (
    "import json,platform,sys;"
    "print(json.dumps([sys.executable,platform.python_version(),sys.implementation.name,"
    "sys.prefix,sys.base_prefix,[p for p in sys.path[1:] if p]]))"
)
_SHEBANG_BYTES = 512


class Python(msgspec.Struct, frozen=True):
    """An interpreter as it describes itself; `path` is `sys.path` without the script's folder."""

    executable: str
    version: str
    implementation: str
    prefix: str
    base_prefix: str
    path: tuple[str, ...]


def ask_python(program: str, environ: Mapping[str, str], folder: str) -> Python | None:
    """Start an interpreter and let it describe itself; None when it does not."""
    import json  # the hook tells most Pythons; it takes paths that are no UTF-8

    try:
        done = subprocess.run(
            [program, "-c", _ASK],
            check=False,
            cwd=folder,
            env=dict(environ),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=PROBE_S,
        )
        values = json.loads(done.stdout)
        executable, version, implementation, prefix, base_prefix, path = values
        return Python(executable, version, implementation, prefix, base_prefix, tuple(path))
    except (OSError, subprocess.SubprocessError, ValueError, TypeError):
        return None


def python_of(program: str, environ: Mapping[str, str], folder: str) -> str | None:
    """Return the interpreter that a program is or names in its first line; None when none."""
    name = os.path.basename(program).lower()
    if name.startswith(("python", "pypy")):
        return program
    try:
        with open(program, "rb") as stream:
            head = stream.read(_SHEBANG_BYTES)
    except OSError:
        return None
    if not head.startswith(b"#!"):
        return None
    words = head[2:].split(b"\n", 1)[0].decode("utf-8", "replace").split()
    if words and os.path.basename(words[0]) == "env":
        words = [word for word in words[1:] if not word.startswith("-") and "=" not in word]
    if not words or not os.path.basename(words[0]).startswith(("python", "pypy")):
        return None
    found = find_program(words[0], environ.get("PATH", os.defpath))
    return os.path.join(folder, found) if found else None


def read_environment(
    python: Python,
    *,
    cache: DistributionCache,
    vault: Vault | None = None,
    patches: PatchCheck | None = None,
    found: Sequence[Found] | None = None,
) -> Environment:
    """Return the environment that a Python imports from.

    Args:
        python: the interpreter.
        cache: what was read of distributions before.
        vault: keeps distributions that no index has, as wheels.
        patches: compares distributions with what was installed.
        found: the distributions that count, when they were looked for before.
    """
    if found is None:
        found = find_distributions(python.path, cache)
    looked = {} if patches is None else patches.look(found)
    distributions = tuple(
        _with_wheel(one.folder, looked.get(one.folder, one.distribution), vault) for one in found
    )
    platform = sysconfig.get_platform()
    conda = read_conda(python.prefix, (one.name for one in distributions))
    return Environment(
        python=python.version,
        implementation=python.implementation,
        executable=python.executable,
        prefix=python.prefix,
        base_prefix=python.base_prefix,
        platform=platform,
        identity=environment_identity(
            python.version, python.implementation, platform, distributions, conda
        ),
        distributions=distributions,
        conda=conda,
    )


def environment_identity(
    version: str,
    implementation: str,
    platform: str,
    distributions: Sequence[Distribution],
    conda: Sequence[CondaPackage] = (),
) -> str:
    """Digest what decides which code an environment has: not where it lies, nor who made it."""
    parts: list[object] = [implementation, version, platform]
    parts += [[one.name.lower(), one.version, one.identity] for one in distributions]
    parts += [
        [one.name.lower(), [[patch.path, patch.how, patch.digest] for patch in one.patched]]
        for one in distributions
        if one.patched
    ]
    parts += [["conda", one.name, one.version, one.build] for one in conda]
    return digest(msgspec.json.encode(parts))


def _with_wheel(folder: str, one: Distribution, vault: Vault | None) -> Distribution:
    if vault is None or one.origin != "local":
        return one
    from afield.runs.capture.wheel import repack  # seldom, and not light

    packed = repack(folder, patched={patch.path for patch in one.patched})
    if packed is None:
        return one
    return msgspec.structs.replace(one, wheel=vault.put(packed))
