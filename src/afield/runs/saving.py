"""Which files `Run.save` keeps, and under which names."""

from __future__ import annotations

import os
from collections.abc import Iterator

from afield.runs.series.live import clip_name
from afield.runs.values import hide_in_name


def files_under(path: str) -> Iterator[tuple[str, str]]:
    """Yield (name in the run, absolute path) of a file, or of all files of a folder, sorted.

    Names are POSIX paths: relative to the working folder, or from the last part on when the
    path lies elsewhere. Links to folders are not followed.

    Raises:
        FileNotFoundError: nothing is there.
    """
    full = os.path.abspath(path)
    base = os.path.relpath(full, os.getcwd())
    if base.startswith(os.pardir) or os.path.isabs(base):
        base = os.path.basename(full)
    if not os.path.isdir(full):
        os.stat(full)
        yield _name(base), full
        return
    for folder, folders, files in os.walk(full):
        folders.sort()
        for file in sorted(files):
            inner = os.path.join(folder, file)
            if os.path.isfile(inner):
                yield _name(os.path.join(base, os.path.relpath(inner, full))), inner


def _name(path: str) -> str:
    return clip_name(hide_in_name(os.path.normpath(path).replace(os.sep, "/")))
