"""Programs on a search path, found as a shell finds them; loaded before a command starts.

`shutil` finds them too, and is slow to load: it brings every format of compression with it.
"""

from __future__ import annotations

import os


def find_program(name: str, search: str) -> str | None:
    """Return the path of an executable file; None when there is none.

    A `name` with a folder in it is that file.
    """
    if os.name != "posix":  # there names are found with endings of their own
        import shutil

        return shutil.which(name, path=search)
    if os.path.dirname(name):
        return name if _is_program(name) else None
    for folder in dict.fromkeys(search.split(os.pathsep) if search else ()):
        path = os.path.join(folder, name)
        if _is_program(path):
            return path
    return None


def _is_program(path: str) -> bool:
    return os.access(path, os.X_OK) and not os.path.isdir(path)
