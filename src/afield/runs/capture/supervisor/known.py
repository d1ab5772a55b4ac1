"""Which paths were told already, and which need not be: folders of nobody's data, and crowds.

A run may read very many files: after the first ones only a few more of each folder are told,
and then the folder, as the hook in Python does it.
"""

from __future__ import annotations

FILES_TOLD_MAX = 2_000
FILES_TOLD_EACH = 4
_PATHS_MAX = 1_000_000
_ENVIRONMENTS = (b"/site-packages/", b"/dist-packages/", b"/lib/python3.")
_NEVER_DATA = (b".pyc", b".so", b"/pyvenv.cfg")

_LOCK = b".lock"  # outside the project: tools that wait for each other


class Nobodys:
    """Folders that hold no data: `always`, or `outside` of `root`; each ends with a slash."""

    def __init__(
        self, root: bytes = b"/", always: tuple[bytes, ...] = (), outside: tuple[bytes, ...] = ()
    ) -> None:
        self.root = root
        self.always = always
        self.outside = outside

    def has(self, path: bytes) -> bool:
        """Tell whether a file need not be told, for what it is or where it lies."""
        if path.endswith(_NEVER_DATA) or path.startswith(self.always):
            return True
        if path.startswith(self.root):
            path = path[len(self.root) - 1 :]
        elif path.startswith(self.outside) or path.endswith(_LOCK):
            return True
        return any(part in path for part in _ENVIRONMENTS)


class KnownPaths:
    """The paths of a run that were told, by how they were opened."""

    def __init__(self) -> None:
        self.read: set[bytes] = set()
        self.written: set[bytes] = set()
        self.crowds: set[bytes] = set()
        self._late: dict[bytes, int] = {}
        self._told = 0

    def skip(self, path: bytes) -> None:
        """Keep a path that is nobody's data, so that it costs nothing again."""
        _add(self.read, path)

    def reading(self, path: bytes) -> bytes | None:
        """Keep a path that is told now; return its folder when that is told in its stead."""
        folder = path.rpartition(b"/")[0]
        if self._told >= FILES_TOLD_MAX and folder:
            late = self._late[folder] = self._late.get(folder, 0) + 1
            if late > FILES_TOLD_EACH:
                self.crowds.add(folder)
                return folder
        self._told += 1
        _add(self.read, path)
        return None

    def writing(self, path: bytes) -> None:
        """Keep a path that is told now."""
        _add(self.written, path)

    def forget(self, path: bytes) -> None:
        """Let a path be told again: what stands there is another file from now on."""
        self.read.discard(path)
        self.written.discard(path)

    def forget_all(self) -> None:
        """Let all be told again: a folder goes by another name from now on."""
        self.read.clear()
        self.written.clear()
        self.crowds.clear()
        self._late.clear()


def _add(paths: set[bytes], path: bytes) -> None:
    if len(paths) >= _PATHS_MAX:
        paths.clear()
    paths.add(path)
