"""Which files count as a run's inputs and outputs, and how their paths are written down.

The environment's own files, the system's, caches and our own are nobody's data. No file is
opened here; what a file holds is looked at in `inputs` and `outputs`.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping

from afield.kernel.late import late
from afield.runs.capture.trace import Interpreter

_SYSTEM = (
    *("/proc/", "/sys/", "/dev/", "/run/", "/etc/", "/lib/", "/lib64/", "/bin/", "/sbin/"),
    *("/usr/lib/", "/usr/lib64/", "/usr/bin/", "/usr/include/", "/usr/share/zoneinfo/"),
    *("/usr/share/locale/", "/usr/share/fonts/", "/usr/share/fontconfig/", "/var/cache/"),
    *("/System/", "/Library/", "/private/etc/", "/usr/local/share/fonts/"),
    *("/usr/sbin/", "/usr/libexec/", "/usr/local/bin/", "/usr/local/sbin/", "/usr/local/include/"),
    *(f"/usr/share/{name}/" for name in ("perl", "perl5", "R", "i18n", "icu", "X11", "mime")),
    *(f"/usr/share/{name}/" for name in ("terminfo", "misc", "git-core", "bash-completion", "gcc")),
)
_DATA = ("/dev/shm/", "/run/media/", "/run/user/", "/run/mount/")  # noqa: S108 - told, not used
_TOOL_CACHES = (
    *(".cache/matplotlib/", ".cache/fontconfig/", ".cache/pip/", ".cache/uv/", ".fonts/"),
    *(".config/matplotlib/", ".matplotlib/", ".local/share/fonts/", ".nv/", ".triton/"),
)
_CACHES_NAMED = ("UV_CACHE_DIR", "PIP_CACHE_DIR", "MPLCONFIGDIR")
_PACKAGE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))) + "/"
_TOOLS = (
    *(".pyenv/", ".rbenv/", ".nvm/", ".asdf/", ".cargo/", ".rustup/", ".juliaup/", ".local/bin/"),
    *(".local/share/uv/", ".local/share/mise/", ".config/git/", ".config/uv/", ".config/pip/"),
    *(".gitconfig", ".profile", ".bash", ".zsh", ".zprofile", ".zlogin", ".inputrc", ".condarc"),
)  # in the home folder: what starts programs, and the settings of shells and of git
_CODE = (".py", ".pyc", ".pyi")
_LIBRARIES = (".so", ".dylib", ".dll", ".pyd")
_PACK_CHARS = 64 + len(".pack")
SKIPPED_FOLDERS = frozenset({".git", "__pycache__", "node_modules", ".ipynb_checkpoints"})
TOOL_CACHES = frozenset({".pytest_cache", ".mypy_cache", ".ruff_cache"})
_SKIPPED_PARTS = late(r"/(?:\.git|__pycache__)(?:/|$)")
_SITE = late(r"(?:site|dist)-packages$")


class Sieve:
    """Tells data from everything else that a run opens; learns environments as they appear."""

    def __init__(
        self, root: str, *, workspace: str, ours: Iterable[str], environ: Mapping[str, str]
    ) -> None:
        self.root = root
        self._inside = root.rstrip("/") + "/"
        home = environ.get("HOME", "").rstrip("/")
        self._ours: tuple[str, ...] = (workspace + "/", *(f"{folder}/" for folder in ours))
        caches = [f"{home}/{cache}" for cache in (*_TOOL_CACHES, *_TOOLS)] if home else []
        named = [environ.get(name, "").rstrip("/") for name in _CACHES_NAMED]
        caches += [f"{folder}/" for folder in named if os.path.isabs(folder)]
        self._folders: dict[str, bool] = {}
        self._lines: dict[str, str] = {}
        self._outside_never = (*_SYSTEM, *caches, *switchers(environ.get("PATH", "")), _PACKAGE)

    @property
    def nobodys(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Folders of which no file is data, as known so far: always, and outside the project."""
        shared = tuple(folder.split("/")[1] for folder in _DATA)
        outside = [one for one in self._outside_never if one.split("/")[1] not in shared]
        return self._ours, tuple(outside)

    def learn(self, python: Interpreter) -> None:
        """Take the files of an interpreter's environment for what they are."""
        version = ".".join(python.version.split(".")[:2])
        found = [path for path in python.path if _SITE().search(path)]
        found += [path for path in python.path if path.startswith(f"{python.base_prefix}/lib/")]
        found += [f"{base}/lib/python{version}" for base in (python.prefix, python.base_prefix)]
        own = os.path.exists(f"{python.prefix}/conda-meta") or os.path.exists(
            f"{python.prefix}/pyvenv.cfg"
        )
        if own and not self._inside.startswith(python.prefix + "/"):
            found.append(python.prefix)
        known = dict.fromkeys(f"{path.rstrip('/')}/" for path in found if path)
        self._folders.clear()
        self._ours = tuple(dict.fromkeys((*self._ours, *known)))

    def is_data(self, path: str) -> bool:
        """Tell whether a path can be an input or output of the run."""
        folder, _, name = path.rpartition("/")
        return self._folder_holds_data(folder) and not (
            name.endswith(_LIBRARIES) or ".so." in name or _is_of_remote(folder, name)
        )

    def _folder_holds_data(self, folder: str) -> bool:
        holds_data = self._folders.get(folder)
        if holds_data is None:
            holds_data = self._folders[folder] = self._holds_data(f"{folder}/")
        return holds_data

    def is_output(self, path: str) -> bool:
        """Tell whether a file that the run left under the root is an output: libraries are, too."""
        return self._folder_holds_data(path.rpartition("/")[0])

    def _holds_data(self, folder: str) -> bool:
        if folder.startswith(self._ours):
            return False
        if not folder.startswith((self._inside, *_DATA)) and folder.startswith(self._outside_never):
            return False
        return _SKIPPED_PARTS().search(folder) is None

    def is_code(self, path: str) -> bool:
        """Tell whether a path is a Python file of the project: part of its code, no input."""
        return path.endswith(_CODE) and path.startswith(self._inside)

    def relative(self, path: str) -> str | None:
        """Return the path from the project's root, POSIX; None when it is outside."""
        if path.startswith(self._inside):
            return path[len(self._inside) :]
        return None

    def shown(self, path: str) -> str:
        """Return the path as the manifest has it: relative inside the project, else absolute."""
        inside = path.removeprefix(self._inside)
        return inside if inside.isascii() else printable(inside)

    def shown_line(self, where: str | None) -> str | None:
        """Return `file.py:12` with the file as the manifest has it."""
        if where is None:
            return None
        line = self._lines.get(where)
        if line is None:
            line = self._lines[where] = self.shown(where)
        return line


def _is_of_remote(folder: str, name: str) -> bool:
    """Tell whether a file is a pack at a remote of ours: what is read of it is told as versions."""
    is_pack = len(name) == _PACK_CHARS and name.endswith(".pack")
    return is_pack and folder.endswith(("/packs/data", "/packs/meta"))


def switchers(path: str) -> list[str]:
    """Return the folders of pyenv, asdf, mise and the like: what they read chooses a program.

    Each has a folder `shims` on the search path.
    """
    shims = [folder for one in path.split(os.pathsep) if (folder := one.rstrip("/"))]
    homes = [os.path.dirname(folder) for folder in shims if folder.endswith("/shims")]
    return [f"{home}/" for home in dict.fromkeys(homes) if home.count("/") > 1]


def printable(text: str) -> str:
    r"""Return a path as text that any reader can take; bytes that are no UTF-8 become `\xNN`."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
