"""Which files `Run.save` keeps, and under which names."""

from __future__ import annotations

import os
from collections.abc import Iterator

from afield.runs.series.live import clip_name
from afield.runs.values import hide_in_name


def files_under(path: str, base: str) -> Iterator[tuple[str, str]]:
    """Yield (name in the run, absolute path) of the files that a path or pattern names, sorted.

    Of a folder, all files in it. Names are POSIX paths: relative to the folder `base` (empty:
    the working folder), or from the last part on when the path lies elsewhere. Links to
    folders are not followed.

    Raises:
        FileNotFoundError: nothing is there.
    """
    if any(sign in path for sign in "*?[") and not os.path.lexists(path):
        import glob  # rarely needed

        matches = sorted(glob.glob(path, recursive=True))
        if not matches:
            raise FileNotFoundError(f"nothing matches `{path}`")
        for match in matches:
            yield from files_under(match, base)
        return
    full = os.path.abspath(path)
    name = os.path.relpath(full, os.path.abspath(base))
    if name.startswith(os.pardir) or os.path.isabs(name):
        name = os.path.basename(full)
    if not os.path.isdir(full):
        os.stat(full)
        yield _name(name), full
        return
    for folder, folders, files in os.walk(full):
        folders.sort()
        for file in sorted(files):
            inner = os.path.join(folder, file)
            if os.path.isfile(inner):
                yield _name(os.path.join(name, os.path.relpath(inner, full))), inner


def _name(path: str) -> str:
    return clip_name(hide_in_name(os.path.normpath(path).replace(os.sep, "/")))
