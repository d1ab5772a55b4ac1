"""Files that the record leaves out because they hold secrets (`.env`, `id_rsa`).

They are taken from where they stood when the run was recorded, as long as they are there and
are what the run read; otherwise it is said that they must be handed over. They get into no
record.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

from afield.kernel.digest import digest_file
from afield.replay.gaps import Gap
from afield.runs.manifest import Manifest
from afield.runs.secrets import HOLDS_SECRETS


def left_out(manifest: Manifest) -> set[str]:
    """Return the paths of the project's files that hold secrets."""
    found = manifest.code.not_kept if manifest.code is not None else ()
    return {one.path for one in found if one.why == HOLDS_SECRETS}


def hand_back(manifest: Manifest, place: Callable[[str], Path | None]) -> Iterator[Gap]:
    """Copy such files to where `place` wants them, and yield what is missing."""
    read = {one.path: one.digest for one in manifest.inputs}
    for path in sorted(left_out(manifest)):
        old = Path(manifest.root, path)
        new = place(path)
        needed = path in read or not manifest.capture.inputs_complete
        if new is None or not old.is_file():
            told = f"{path} holds secrets, which are not in the record; put it at {old} again"
            mild = path not in read
            yield Gap("secret", told, missing=needed, note=not needed, unread=mild)
            continue
        try:
            if read.get(path) not in {None, digest_file(str(old))[0]}:
                yield Gap("secret", f"{path} differs from what the run read", missing=True)
            new.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(old, new)
        except OSError as fault:
            why = (fault.strerror or "cannot be read").lower()
            yield Gap("secret", f"{path}, which holds secrets: {why}", missing=needed)
