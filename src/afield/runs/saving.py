"""Which files a run keeps, and under which names: those of `Run.save`, and those in `Run.dir`."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress

from afield.journal import Draft
from afield.kernel.ids import RunId
from afield.runs import events
from afield.runs.series.live import clip_name
from afield.runs.values import hide_in_name
from afield.vault import Vault

OWN_FILES = "files"
"""What `Run.dir` is called, in the live folder of the run."""


def own_folder(live: str) -> str:
    """Make a run's own folder in its live one, and return it.

    Raises:
        OSError: it cannot be made, or the run was ended by somebody else.
    """
    folder = os.path.join(live, OWN_FILES)
    with suppress(FileExistsError):
        os.mkdir(folder)
    return folder


def folder_of_nobody() -> str:
    """Return a folder from which nothing is kept, so that a script can go on; it goes with it."""
    import atexit
    import shutil
    import tempfile

    folder = tempfile.mkdtemp(prefix="afield-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def keep_own_files(vault: Vault, run: RunId, live: str) -> list[Draft]:
    """Put what lies in a run's own folder into the vault; return the facts that name it.

    Files that hold secrets, and those that cannot be read, are left out.

    Raises:
        OSError: the vault cannot be written.
    """
    folder = os.path.join(live, OWN_FILES)
    if not os.path.isdir(folder):
        return []
    from afield.runs.secrets import may_keep  # seldom needed, and not light

    drafts = []
    for name, full in files_under(folder, folder):
        if os.access(full, os.R_OK) and may_keep(full):
            with suppress(FileNotFoundError):  # somebody still works there
                drafts.append(events.saved(run, name, *vault.put_file(full)))
    return drafts


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
