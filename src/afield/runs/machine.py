"""The machine that runs are recorded on: its name, kept once in an object that entries name.

A machine is often called after its owner, so its name may stand in no entry.
"""

from __future__ import annotations

import contextlib
import os

from afield.kernel.digest import digest
from afield.kernel.errors import AfieldError
from afield.kernel.ids import ObjectId, parse_object_id
from afield.members.names import to_object
from afield.vault import Vault

_CACHE = "cache"


def keep_host(vault: Vault, workspace: str, name: str) -> ObjectId:
    """Return the object that holds a host's name; durable.

    Written when the host begins its first run here; afterwards a small file in the cache says
    which it is. Without that file another object is written, and whoever erases the object
    removes the file.

    Raises:
        OSError: the workspace cannot be written.
    """
    folder = os.path.join(workspace, _CACHE)
    path = os.path.join(folder, f"host-{digest(name.encode('utf-8', 'replace'))[:16]}")
    known = _read(path)
    if known is not None:
        return known
    found = vault.put(to_object(name), meta=True)
    vault.flush()
    with contextlib.suppress(OSError):
        os.makedirs(folder, exist_ok=True)
        temporary = f"{path}.tmp-{os.getpid()}"
        with open(temporary, "w", encoding="ascii") as stream:
            stream.write(found)
        os.replace(temporary, path)
    return found


def _read(path: str) -> ObjectId | None:
    try:
        with open(path, encoding="ascii") as stream:
            return parse_object_id(stream.read())
    except (OSError, ValueError, AfieldError):
        return None
