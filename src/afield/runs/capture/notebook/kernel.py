"""Which kernel executes a notebook: the one that it names, else the Python on the command's PATH.

Kernel specifications are read from where Jupyter keeps them
(https://jupyter-client.readthedocs.io/en/stable/kernels.html). Nothing is started here but a
Python that is asked whether it has `ipykernel`.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from afield.runs.capture.errors import CommandNotExecutable
from afield.runs.capture.limits import PROBE_S
from afield.runs.cells import Document

PLACE = "{connection_file}"
_DEFAULT_NAMES = frozenset({"python", "python2", "python3"})
_ASK = "import importlib.util as u,sys;sys.exit(u.find_spec('ipykernel') is None)"


@dataclass(frozen=True, slots=True)
class Kernel:
    """How a kernel is started.

    Attributes:
        name: as its specification is called; `python3` for the Python on the PATH.
        argv: the command, with `{connection_file}` where that goes.
        python: the interpreter that it is, when it is Python.
        environ: variables that its specification adds.
        warning: what a person should know of the choice.
    """

    name: str
    argv: tuple[str, ...]
    python: str | None = None
    environ: Mapping[str, str] = field(default_factory=dict)
    warning: str | None = None


def find_kernel(
    document: Document,
    shown: str,
    *,
    folder: str,
    environ: Mapping[str, str],
    python: str | None = None,
) -> Kernel:
    """Return the kernel for a notebook.

    Args:
        document: the notebook.
        shown: its name in messages.
        folder: where a relative PATH begins.
        environ: of the command.
        python: the interpreter to be used whatever the notebook names, if it is a Python one.

    Raises:
        CommandNotExecutable: there is no such kernel, or no `ipykernel` in the Python.
    """
    here = python or python_here(folder, environ)
    name = document.kernel or "python3"
    is_python = document.language in {"python", "ipython"}
    if name not in _DEFAULT_NAMES and not (python and is_python):
        found = _specified(name, here, environ)
        if found is not None:
            return _with_ipykernel(found, shown, folder, environ)
    if not is_python:
        raise CommandNotExecutable(
            "cannot run", shown, f"there is no kernel `{name}` here", hint="jupyter kernelspec list"
        )
    if here is None:
        raise CommandNotExecutable(
            "cannot run", shown, "there is no Python on the PATH", hint="uv venv --seed"
        )
    warning = None
    if name not in _DEFAULT_NAMES and not python:
        warning = f"the notebook names the kernel `{name}`, which is not here: {here} was used"
    argv = (here, "-m", "ipykernel_launcher", "-f", PLACE)
    return _with_ipykernel(Kernel("python3", argv, here, {}, warning), shown, folder, environ)


def python_here(folder: str, environ: Mapping[str, str]) -> str | None:
    """Return the Python that a shell in `folder` would find, by its full path."""
    search = os.pathsep.join(
        os.path.join(folder, part) for part in environ.get("PATH", os.defpath).split(os.pathsep)
    )
    return shutil.which("python", path=search) or shutil.which("python3", path=search)


def _with_ipykernel(kernel: Kernel, shown: str, folder: str, environ: Mapping[str, str]) -> Kernel:
    """Return a kernel that is there, and that leaves the person's history of cells alone."""
    if not any("ipykernel" in word for word in kernel.argv):
        return kernel
    assert kernel.python is not None
    try:
        done = subprocess.run(
            [kernel.python, "-c", _ASK],
            check=False,
            cwd=folder,
            env={**environ, **kernel.environ},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=PROBE_S,
        )
        missing = done.returncode != 0
    except (OSError, subprocess.SubprocessError):
        missing = True
    if missing:
        raise CommandNotExecutable(
            "cannot run",
            shown,
            f"`ipykernel`, which executes its cells, is not installed in {kernel.python}",
            hint=f"{kernel.python} -m pip install ipykernel",
        )
    argv = (*kernel.argv, "--HistoryManager.hist_file=:memory:")
    return Kernel(kernel.name, argv, kernel.python, kernel.environ, kernel.warning)


def _specified(name: str, python: str | None, environ: Mapping[str, str]) -> Kernel | None:
    """Return the kernel of a specification; None when there is none of this name."""
    for folder in _folders(python, environ):
        place = os.path.join(folder, "kernels", name)
        try:
            with open(os.path.join(place, "kernel.json"), encoding="utf-8") as stream:
                plain = json.load(stream)
            argv = [str(word).replace("{resource_dir}", place) for word in plain["argv"]]
            program = shutil.which(argv[0], path=environ.get("PATH", os.defpath))
            extra = {str(key): str(value) for key, value in (plain.get("env") or {}).items()}
        except (OSError, ValueError, TypeError, KeyError, IndexError, AttributeError):
            continue
        if program is None:
            continue
        is_python = os.path.basename(program).lower().startswith(("python", "pypy"))
        return Kernel(name, (program, *argv[1:]), program if is_python else None, extra)
    return None


def _folders(python: str | None, environ: Mapping[str, str]) -> Iterator[str]:
    """Yield where Jupyter looks for data, the environment's own folder before the person's."""
    yield from filter(None, environ.get("JUPYTER_PATH", "").split(os.pathsep))
    if python is not None:
        yield os.path.join(os.path.dirname(os.path.dirname(python)), "share", "jupyter")
    home = environ.get("HOME", "")
    if environ.get("JUPYTER_DATA_DIR"):
        yield environ["JUPYTER_DATA_DIR"]
    elif sys.platform == "darwin":
        yield os.path.join(home, "Library", "Jupyter")
    elif environ.get("APPDATA"):
        yield os.path.join(environ["APPDATA"], "jupyter")
    else:
        data = environ.get("XDG_DATA_HOME") or os.path.join(home, ".local", "share")
        yield os.path.join(data, "jupyter")
    yield from ("/usr/local/share/jupyter", "/usr/share/jupyter")
