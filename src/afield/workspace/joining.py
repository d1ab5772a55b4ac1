"""Joining a workspace at a remote: as a new copy, or with the copy that a folder holds already.

Who joins counts once a member has confirmed the device; nothing here lets anybody in.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from afield.kernel.ids import DeviceId
from afield.members.phrase import safety_phrase
from afield.sync.errors import RemoteForeign
from afield.workspace import layout
from afield.workspace.remotes import Remote, add_remote, address, remotes
from afield.workspace.sync import clone, key_of, workspace_at
from afield.workspace.workspace import Workspace

_NAMES = ("hub", "origin")


def join(url: str, folder: str, *, person: Callable[[], str]) -> tuple[Workspace, Remote]:
    """Return this copy of the workspace at a remote, to be synced; made when there is none.

    Args:
        url: of the remote.
        folder: where the copy is, or is to be; one that stands above it is used.
        person: tells what the member of a new copy is called.

    Raises:
        RemoteForeign: the remote holds no workspace, or the folder holds another one.
    """
    held = layout.find_upward(folder)
    if held is None:
        return clone(url, folder, person=person)
    found = workspace_at(url)
    workspace = Workspace.open(Path(held))
    if workspace.config.workspace != found.workspace:
        workspace.close()
        why = f"{Path(held).parent} holds another workspace"
        raise RemoteForeign("cannot join", url, why, hint=f"afield clone {url} NEW-FOLDER")
    known = remotes(workspace)
    for remote in known.values():
        if remote.url == address(url):
            return workspace, remote
    name = next((name for name in _NAMES if name not in known), f"hub-{len(known)}")
    return workspace, add_remote(workspace, name, url)


def is_confirmed(workspace: Workspace) -> bool:
    """Tell whether this device founded the workspace, or one that counts has confirmed it."""
    own = workspace.config.device
    sql = "SELECT 1 FROM confirmations WHERE device = ?"
    return workspace.config.founded_by == own or bool(workspace.query(sql, (own,)))


def phrase_of(workspace: Workspace, device: DeviceId, key: bytes | None = None) -> str | None:
    """Return the safety phrase of a device; None before the founder's log is here."""
    founder = key_of(workspace, workspace.config.founded_by)
    key = key or key_of(workspace, device)
    if founder is None or key is None:
        return None
    return safety_phrase(workspace.config.workspace, founder, key)
