"""What is remembered of removals and roles, so that whoever opens finds the tables current.

A small cache. It can be deleted: then it is worked out anew, and the tables are folded once
more. Processes that share a workspace see by its stamp that another one has heeded more.
"""

from __future__ import annotations

import contextlib

import msgspec

from afield.kernel.files import FileSystem
from afield.members.authority import NOBODY, Authority
from afield.workspace import layout

_NAME = "authority.json"


def remembered(files: FileSystem, workspace: str) -> Authority:
    """Return up to where removed devices count and who held what, as last worked out."""
    try:
        data = files.read(f"{workspace}/{layout.CACHE}/{_NAME}")
        return msgspec.json.decode(data, type=Authority)
    except (OSError, msgspec.MsgspecError):
        return NOBODY


def remember(files: FileSystem, workspace: str, found: Authority) -> None:
    """Keep it for the next time; a workspace that cannot be written goes without."""
    folder = f"{workspace}/{layout.CACHE}"
    with contextlib.suppress(OSError):
        files.make_folder(folder)
        files.write_new(f"{folder}/{_NAME}", msgspec.json.encode(found))


def stamp(files: FileSystem, workspace: str) -> tuple[int, int] | None:
    """Return what changes when another process has remembered something; costs one stat."""
    found = files.stat(f"{workspace}/{layout.CACHE}/{_NAME}")
    return None if found is None else (found.mtime_ns, found.inode)
