"""The remotes of this copy of the workspace: their names, where they are, what may go there.

They belong to this machine, as a path does: `.afield/remotes.toml` travels nowhere.
"""

from __future__ import annotations

import json
import os
import re
import tomllib
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path

import msgspec

from afield.kernel.errors import Usage
from afield.kernel.files import FileSystem, OsFileSystem
from afield.sync.elsewhere import Elsewhere
from afield.sync.errors import RemoteUnknown
from afield.sync.stores.address import Place, place_of
from afield.sync.stores.bucket import BucketRemote
from afield.sync.stores.folder import FolderRemote
from afield.sync.stores.sliced import sliced
from afield.sync.stores.store import RemoteStore
from afield.workspace import layout
from afield.workspace.errors import WorkspaceDamaged
from afield.workspace.workspace import Workspace

TOKEN = "AFIELD_TOKEN"  # noqa: S105 - the name of a variable
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
_LABEL = re.compile(r"[a-z]{2,3}")
_BUCKET = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{1,254}")
_SCHEME = re.compile(r"([a-z][a-z0-9+.-]+)://(.*)", re.DOTALL)


class Remote(msgspec.Struct, frozen=True):
    """A remote by name.

    Attributes:
        name: what people call it.
        url: where it is: the path of a folder, `s3://bucket/prefix`, or a hub's address.
        labels: where its bytes lie (`eu`, `de`), for datasets with a residency.
        synced: whether it was ever synced with; an empty folder in its place is then not
            taken for it.
    """

    name: str
    url: str
    labels: frozenset[str] = frozenset()
    synced: bool = False


def remotes(workspace: Workspace) -> dict[str, Remote]:
    """Return the remotes by name, sorted.

    Raises:
        WorkspaceDamaged: their file cannot be read.
    """
    path = _path(workspace)
    try:
        found = tomllib.loads(workspace.record.files.read(path).decode("utf-8"))
        return {name: _remote(name, each) for name, each in sorted(found.items())}
    except FileNotFoundError:
        return {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, LookupError, ValueError) as error:
        hint = "mend it, or move it away and name the remotes again: afield remote add --help"
        why = "it is not as written"
        raise WorkspaceDamaged("cannot read remotes", path, why, hint=hint) from error


def _remote(name: str, read: object) -> Remote:
    """Return a remote as it was written.

    Raises:
        ValueError: it was not written so: bytes would go where nobody sent them.
    """
    told = read if isinstance(read, dict) else {}
    url, labels = told.get("url"), told.get("labels", [])
    whole = isinstance(url, str) and (
        url.startswith("s3://") or place_of(url) is not None or Path(url).is_absolute()
    )
    if not _NAME.fullmatch(name) or not whole:
        raise ValueError(f"{name}: no name, or no address of a remote")
    if not isinstance(labels, list) or not all(isinstance(label, str) for label in labels):
        raise ValueError(f"{name}: its labels are none")
    return Remote(name, str(url), frozenset(labels), told.get("synced") is True)


def find_remote(workspace: Workspace, name: str) -> Remote:
    """Return the remote of this name.

    Raises:
        RemoteUnknown: there is none.
    """
    found = remotes(workspace)
    if name not in found:
        why = f"known are {', '.join(found)}" if found else "there is none yet"
        hint = "afield remote list" if found else f"afield remote add {name} PATH"
        raise RemoteUnknown("no such remote", name, why, hint=hint)
    return found[name]


def add_remote(workspace: Workspace, name: str, url: str, labels: Collection[str] = ()) -> Remote:
    """Add a remote, or change where the one of this name is.

    Raises:
        Usage: the name, the address or a label is none.
    """
    if not _NAME.fullmatch(name):
        why = "letters a to z, digits, `-` and `_`, at most 40"
        raise Usage("not a name for a remote", name, why, hint="afield remote add team PATH")
    check_labels(labels)
    remote = Remote(name, address(url), frozenset(labels))
    found = remotes(workspace)
    before = found.get(name)
    if before is not None and before.url == remote.url:
        remote = msgspec.structs.replace(remote, synced=before.synced)
    _write(workspace, {**found, name: remote})
    return remote


def check_labels(labels: Iterable[str]) -> None:
    """Look whether words can be labels.

    Raises:
        Usage: one cannot.
    """
    for label in labels:
        if not _LABEL.fullmatch(label):
            raise Usage("not a label", label, "a place, as in `eu` or `de`", hint="--label eu")


def remove_remote(workspace: Workspace, name: str) -> Remote:
    """Forget a remote and what was known to be there; nothing at the remote is touched.

    Raises:
        RemoteUnknown: there is none.
    """
    remote = find_remote(workspace, name)
    elsewhere_of(workspace, remote).forget_all()
    _write(workspace, {key: each for key, each in remotes(workspace).items() if key != name})
    return remote


def mark_synced(workspace: Workspace, remote: Remote) -> None:
    """Remember that a remote was synced with."""
    if not remote.synced:
        _write(
            workspace,
            {**remotes(workspace), remote.name: msgspec.structs.replace(remote, synced=True)},
        )


def address(url: str) -> str:
    """Return the absolute path, or the address of a bucket, that a URL or path means.

    Raises:
        Usage: it is of a kind that is not known.
    """
    found = _SCHEME.fullmatch(url)
    if found is not None and found[1] == "s3" and _BUCKET.fullmatch(found[2].partition("/")[0]):
        return url.rstrip("/")
    if found is not None and found[1] in {"http", "https"}:
        return _hub_address(url)
    if found is not None and found[1] == "file" and found[2].startswith("/"):
        return found[2]
    if found is not None or not url:
        why = "a remote is the path of a folder, s3://bucket/prefix, or https://hub"
        raise Usage("not an address that is known", url, why, hint="afield remote add team PATH")
    path = Path(url).expanduser().absolute()
    flat = Path(os.path.normpath(path))
    same = flat.resolve() == path.resolve()  # `..` behind a link leads elsewhere
    return (flat if same else path).as_posix()


def _hub_address(url: str) -> str:
    """Return the address of a hub as it is kept.

    Raises:
        Usage: it is none, or might hold what is secret; it is not repeated then.
    """
    if place_of(url) is None:
        what = "not an address of a hub"
        why = "https://host[:port], without user, password or query; http:// for this machine alone"
        raise Usage(what, why=why, hint="the token goes into the variable AFIELD_TOKEN")
    return url.rstrip("/")


def open_remote(url: str, files: FileSystem | None = None) -> RemoteStore:
    """Return the store at an address.

    Raises:
        ExtraMissing: it is a bucket, and the library for buckets is not installed.
        Usage: the file of certificates holds none.
    """
    place = place_of(address(url))
    if place is not None:
        return sliced(_hub(place, address(url)))
    if address(url).startswith("s3://"):
        return sliced(BucketRemote(address(url)))
    return sliced(FolderRemote(address(url), files or OsFileSystem()))


def _hub(place: Place, url: str) -> RemoteStore:
    from afield.sync.stores.http import HttpRemote  # a tenth of what a clone of a folder loads
    from afield.sync.stores.tls import CERTIFICATES, trusting

    tls = trusting(os.environ.get(CERTIFICATES) or None) if place.secure else None
    return HttpRemote(url, os.environ.get(TOKEN) or None, tls=tls)


def elsewhere_of(workspace: Workspace, remote: Remote) -> Elsewhere:
    """Return what is known of a remote's packs."""
    root = (workspace.path / layout.ELSEWHERE / remote.name).as_posix()
    return Elsewhere(root, workspace.record.files)


def _path(workspace: Workspace) -> str:
    return (workspace.path / layout.REMOTES).as_posix()


def _write(workspace: Workspace, found: Mapping[str, Remote]) -> None:
    parts = ["# The remotes of this copy of the workspace: `afield remote list`.\n"]
    for name, remote in sorted(found.items()):
        parts.append(
            f"\n[{name}]\nurl = {json.dumps(remote.url)}\n"
            f"labels = {json.dumps(sorted(remote.labels))}\n"
            f"synced = {'true' if remote.synced else 'false'}\n"
        )
    workspace.record.files.write_new(_path(workspace), "".join(parts).encode())
