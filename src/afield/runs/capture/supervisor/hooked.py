"""Which commands are Pythons that will load the hook before anything of the person's can run.

Only these may be started without the filter. All that is not known here is not one of them; that
the hook was loaded is looked at all the same when the command has ended (`late`).
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping, Sequence

from afield.runs.capture.supervisor.numbers import Machine, this_machine

_NAME = re.compile(r"python3\.1[1-4]")
_SHEBANG_BYTES = 512
_ELF = b"\x7fELF\x02\x01"  # 64 bits, little-endian
_PLAIN_FLAGS = frozenset("bBdiOPqRstuvx")
_PLAIN_WARNINGS = frozenset(("", "ignore", "error", "default", "always", "module", "once", "all"))
_TELLING = (  # variables that let code or files in before the hook, or past it
    "LD_PRELOAD", "LD_AUDIT", "PYTHONHOME", "PYTHONPLATLIBDIR", "PYTHON_PRESITE", "TZDIR",
    "LOCPATH", "NLSPATH", "GCONV_PATH", "HOSTALIASES", "RESOLV_HOST_CONF", "OPENSSL_CONF",
    "OPENSSL_MODULES", "OPENSSL_ENGINES",
)  # fmt: skip
_MAY_BE_PATHS = ("TZ", "LANG", "LC_")
_QUIET_PTH = (
    "import os; var = 'SETUPTOOLS_USE_DISTUTILS'",
    "import _virtualenv",
    "import __editable__",
)


def packages_of(
    program: str, argv: Sequence[str], environ: Mapping[str, str], hook: str
) -> list[str] | None:
    """Return the folders of packages of a command that is certain to load the hook first.

    `hook` is the hook's folder. None is for any other command.
    """
    machine = this_machine()
    if machine is None:
        return None
    try:
        python, words = _interpreter(program, argv)
        if not _is_python(python, machine) or not _are_plain(words):
            return None
        if not _lets_in(environ, hook):
            return None
        folders = _package_folders(python, environ)
        if folders is None or not all(map(_is_quiet, folders)):
            return None
    except (OSError, ValueError):
        return None
    return folders


def _interpreter(program: str, argv: Sequence[str]) -> tuple[str, list[str]]:
    """Return which program is executed, and its words but the first: that of `#!`, if there is."""
    with open(program, "rb") as stream:
        head = stream.readline(_SHEBANG_BYTES)
    if head[:2] != b"#!":
        return program, list(argv[1:])
    words = [os.fsdecode(word) for word in head[2:].strip().split(None, 1)]
    return words[0], [*words[1:], program, *argv[1:]]


def _is_python(path: str, machine: Machine) -> bool:
    """Tell whether a program is a CPython that we know, by its last name and its kind."""
    if not os.path.isabs(path) or not _NAME.fullmatch(os.path.basename(os.path.realpath(path))):
        return False
    with open(path, "rb") as stream:
        start = stream.read(20)
    return start[:6] == _ELF and int.from_bytes(start[18:20], "little") == machine.elf


def _are_plain(words: Sequence[str]) -> bool:
    """Tell whether no option keeps the hook out, or lets other code in before it."""
    rest = iter(words)
    for word in rest:
        if word[:1] != "-" or word == "-":
            return True
        if word[:2] in ("-c", "-m"):
            return True
        if word[:2] in ("-W", "-X"):
            value = word[2:] or next(rest, "")
            if word[1] == "W" and value not in _PLAIN_WARNINGS:
                return False
            if word[1] == "X" and value.startswith("presite"):
                return False
        elif not set(word[1:]) <= _PLAIN_FLAGS:
            return False
    return True


def _lets_in(environ: Mapping[str, str], hook: str) -> bool:
    """Tell whether the variables load the hook, and nothing that reads unseen."""
    paths = environ.get("PYTHONPATH", "").split(os.pathsep)
    return (
        paths[0] == hook
        and environ.get("AFIELD_TRACE") == "1"
        and not any(path.rstrip("/").endswith("-packages") for path in paths)
        and not any(environ.get(name) for name in _TELLING)
        and not any(
            value.lstrip(":")[:1] == "/" or ".." in value
            for name, value in environ.items()
            if name.startswith(_MAY_BE_PATHS)
        )
        and set(environ.get("PYTHONWARNINGS", "").split(",")) <= _PLAIN_WARNINGS
    )


def _package_folders(python: str, environ: Mapping[str, str]) -> list[str] | None:
    """Return the folders in which the interpreter looks for `.pth` files; None when not known."""
    version = os.path.basename(os.path.realpath(python))
    prefix = os.path.dirname(os.path.dirname(python))
    try:
        with open(os.path.join(prefix, "pyvenv.cfg"), encoding="utf-8") as stream:
            settings = stream.read()
    except FileNotFoundError:
        prefix = os.path.dirname(os.path.dirname(os.path.realpath(python)))
        home = environ.get("PYTHONUSERBASE") or os.path.join(environ.get("HOME", "/"), ".local")
        names = ("python3/dist-packages", f"{version}/dist-packages", f"{version}/site-packages")
        bases = (prefix, home, os.path.join(prefix, "local"))
        return list(_there(f"{base}/lib/{name}" for base in bases for name in names))
    if re.search(r"include-system-site-packages\s*=\s*true", settings, re.IGNORECASE):
        return None
    return list(_there([os.path.join(prefix, "lib", version, "site-packages")]))


def _there(folders: Iterable[str]) -> Iterable[str]:
    return (folder for folder in folders if os.path.isdir(folder))


def _is_quiet(folder: str) -> bool:
    """Tell whether the `.pth` files of a folder run no code but what is known to read nothing."""
    for name in os.listdir(folder):
        if name.endswith(".pth"):
            with open(os.path.join(folder, name), encoding="utf-8-sig") as stream:
                for line in stream:
                    if line.startswith(("import ", "import\t")) and not line.startswith(_QUIET_PTH):
                        return False
    return True
