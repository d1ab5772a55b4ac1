"""What is remembered of removed devices: a small cache, so that opening finds the tables current.

It can be deleted: then it is worked out anew, and the tables are folded once more.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping

import msgspec

from afield.kernel.files import FileSystem
from afield.kernel.ids import DeviceId
from afield.members.trust import Cut
from afield.workspace import layout

_NAME = "removed.json"


def remembered(files: FileSystem, workspace: str) -> dict[DeviceId, Cut]:
    """Return up to where removed devices count, as last worked out."""
    try:
        data = files.read(f"{workspace}/{layout.CACHE}/{_NAME}")
        return msgspec.json.decode(data, type=dict[DeviceId, Cut])
    except (OSError, msgspec.MsgspecError):
        return {}


def remember(files: FileSystem, workspace: str, removed: Mapping[DeviceId, Cut]) -> None:
    """Keep it for the next time; a workspace that cannot be written goes without."""
    folder = f"{workspace}/{layout.CACHE}"
    with contextlib.suppress(OSError):
        files.make_folder(folder)
        files.write_new(f"{folder}/{_NAME}", msgspec.json.encode(removed))
