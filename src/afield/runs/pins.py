"""Which versions of datasets the words of a program mean in a run that is repeated.

Laid into the live folder before the command starts, and read by Afield in the run's processes:
`customers@latest` is then what it was when the run was recorded, and not what is newest today.
"""

from __future__ import annotations

import os
from collections.abc import Sequence

import msgspec

from afield.runs.manifest import DatasetRead

_FILE = "datasets.json"


def write_pins(live: str, read: Sequence[DatasetRead]) -> None:
    """Lay down the versions that the recorded run read.

    Raises:
        OSError: the live folder cannot be written.
    """
    with open(os.path.join(live, _FILE), "wb") as stream:
        stream.write(msgspec.json.encode(read))


def pinned(live: str, words: str) -> DatasetRead | None:
    """Return what words meant in the run that is repeated; None where nothing is laid down.

    Words that meant several versions while the run went on, or one of another workspace, are looked
    up again.
    """
    try:
        with open(os.path.join(live, _FILE), "rb") as stream:
            read = msgspec.json.decode(stream.read(), type=list[DatasetRead])
    except (OSError, msgspec.MsgspecError):
        return None
    meant = [one for one in read if words in one.asked]
    return meant[0] if len(meant) == 1 and meant[0].workspace is None else None
