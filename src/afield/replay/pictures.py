"""Difference images, written beside the outputs of a reproduction whose folder is kept."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from afield.replay.limits import PICTURES_MAX

SUFFIX = ".diff.png"


def picture_writer(folder: Path) -> Callable[[str, bytes], None]:
    """Return what writes the picture of an output to `<output>.diff.png` in `folder`.

    Outputs outside the folder get none, no file is overwritten, and after `PICTURES_MAX` no
    more are written.
    """
    root = folder.resolve()
    written: list[Path] = []

    def write(name: str, picture: bytes) -> None:
        path = (root / f"{name}{SUFFIX}").resolve()
        if len(written) >= PICTURES_MAX or not path.is_relative_to(root):
            return
        try:
            with path.open("xb") as stream:
                stream.write(picture)
        except OSError:  # the verdict does not hang on a picture: a full disk, a name in use
            return
        written.append(path)

    return write
