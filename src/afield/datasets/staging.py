"""A folder that is filled out of sight, beside its place, and stands under its name at the end.

Its files need no names of their own until they are whole, which is a good part of what the system
has to do for a small one. A filling that was killed is carried on by the next one.
"""

from __future__ import annotations

import contextlib
import os
import re
import threading
from collections.abc import Callable, Iterator
from pathlib import Path


class Taken(Exception):
    """Somebody has made the folder meanwhile; what was filled is gone."""


@contextlib.contextmanager
def beside(folder: str, files: Callable[[], set[str]]) -> Iterator[str]:
    """Give a folder to fill; at the end, also after an error, it becomes `folder`.

    Args:
        folder: absolute; not there yet. The folders above it are made.
        files: gives the paths in it that are going to be written: what a filling of other ones
            left is no beginning of this one, and is removed.

    Raises:
        Taken: `folder` is there by now, with files in it.
        OSError: it cannot be made or moved. What is raised of the folder to fill names `folder`.
    """
    place = Path(folder)
    stage = place.with_name(f".{place.name}.afield-{os.getpid()}-{threading.get_ident()}")
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        _carry_on(place, stage, files)
        stage.mkdir(exist_ok=True)
        yield str(stage)
    except BaseException as error:
        if isinstance(error, OSError):
            _say(error, stage, place)
        with contextlib.suppress(OSError, Taken):
            _settle(stage, place)
        raise
    _settle(stage, place)


def is_alive(pid: int) -> bool:
    """Tell whether a process of this number runs; where that cannot be asked, it does."""
    if os.name == "nt":  # there, the question itself would end the process
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


def _carry_on(place: Path, stage: Path, files: Callable[[], set[str]]) -> None:
    """Take over what a filling that was killed has left; what is no beginning of this one goes."""
    left = re.compile(rf"\.{re.escape(place.name)}\.afield-([0-9]+)-[0-9]+")
    for found in list(place.parent.iterdir()):
        by = left.fullmatch(found.name)
        if by is None or is_alive(int(by[1])):
            continue
        if not stage.exists() and _files_in(found) <= files():
            found.rename(stage)
        else:
            _remove(found)


def _files_in(folder: Path) -> set[str]:
    """Return the paths of all that is no folder."""
    return {
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.is_symlink() or not path.is_dir()
    }


def _say(error: OSError, stage: Path, place: Path) -> None:
    """Let an error name the folder that people asked for."""
    said = error.filename
    if isinstance(said, str) and said.startswith(str(stage)):
        error.filename = str(place) + said[len(str(stage)) :]


def _settle(stage: Path, place: Path) -> None:
    try:
        stage.rename(place)
    except OSError as error:
        if place.is_dir():
            _remove(stage)
            raise Taken from error
        _say(error, stage, place)
        raise


def _remove(folder: Path) -> None:
    """Remove a folder with all that is in it, as far as that goes."""
    import shutil  # with its archive formats a tenth of what a command loads, seldom needed

    shutil.rmtree(folder, ignore_errors=True)
