"""Which files are code in a project without git: Python files, and small texts near the run.

The walk is bounded and stays out of hidden folders, environments and caches. What it misses
and the run reads is kept as an input.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence

from afield.runs.capture.limits import (
    PLAIN_CODE_BYTES_MAX,
    PLAIN_CODE_FILES_MAX,
    PLAIN_WALK_ENTRIES_MAX,
)

_TEXTS = frozenset(
    {
        *(".cfg", ".conf", ".csv", ".ini", ".ipynb", ".jl", ".json", ".md", ".pyi", ".r"),
        *(".rst", ".sh", ".sql", ".toml", ".tsv", ".txt", ".yaml", ".yml"),
    }
)
_SKIPPED = frozenset({"__pycache__", "node_modules", "site-packages", "dist-packages"})


def plain_code(root: str, argv: Sequence[str], folder: str) -> tuple[list[str], bool]:
    """Return paths relative to `root`, and whether all that qualified fitted the bounds."""
    near = _near_folders(argv, folder)
    found: list[str] = []
    looked = 0
    for path, entry in _walk(root):
        looked += 1
        if looked > PLAIN_WALK_ENTRIES_MAX or len(found) >= PLAIN_CODE_FILES_MAX:
            return found, False
        suffix = os.path.splitext(path)[1].lower()
        if suffix != ".py" and not (suffix in _TEXTS and os.path.dirname(entry.path) in near):
            continue
        try:
            small = entry.stat(follow_symlinks=False).st_size <= PLAIN_CODE_BYTES_MAX
        except OSError:
            continue
        if small:
            found.append(path)
    return found, True


def _near_folders(argv: Sequence[str], folder: str) -> set[str]:
    """Return the folder of the run, and those of the files that the command line names."""
    found = {folder}
    for word in argv:
        path = os.path.normpath(os.path.join(folder, word))
        if os.path.isfile(path):
            found.add(os.path.dirname(path))
    return found


def _walk(root: str) -> Iterator[tuple[str, os.DirEntry[str]]]:
    """Yield files, the nearest folders first."""
    waiting = [(root, "")]
    while waiting:
        deeper = []
        for folder, prefix in waiting:
            try:
                with os.scandir(folder) as entries:
                    listed = sorted(entries, key=lambda entry: entry.name)
            except OSError:
                continue
            names = {entry.name for entry in listed}
            if prefix and "pyvenv.cfg" in names:
                continue
            for entry in listed:
                if entry.is_dir(follow_symlinks=False):
                    if not entry.name.startswith(".") and entry.name not in _SKIPPED:
                        deeper.append((entry.path, f"{prefix}{entry.name}/"))
                elif entry.is_file(follow_symlinks=False) or entry.is_symlink():
                    yield f"{prefix}{entry.name}", entry
        waiting = deeper
