"""`storage.toml`: the bucket in which a hub's objects lie, and how it is opened.

Whoever opens the workspace finds it there, so that commands and the server see the same objects.
It holds no secret: keys come from the environment, or from files that it names.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import msgspec

from afield.kernel.errors import AfieldError, NotAllowed, Unreachable
from afield.kernel.files import FileSystem
from afield.kernel.ids import DeviceId
from afield.vault.errors import StorageUnreachable
from afield.vault.stores import FolderStore
from afield.workspace import layout
from afield.workspace.errors import WorkspaceDamaged

if TYPE_CHECKING:
    from afield.vault.bucketed import BucketStore, Far

Text = Annotated[str, msgspec.Meta(min_length=1)]
MIB = 1 << 20
HUBS = "hubs/"
_WHAT = "cannot use the storage"
_RETRIES = {"max_retries": 3, "retry_timeout": timedelta(seconds=10)}
_TIMES = {"connect_timeout": "5s", "timeout": "60s"}


class Storage(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A bucket for a hub's objects.

    Attributes:
        url: `s3://bucket/prefix`.
        endpoint: of a server that is not Amazon's.
        region: the bucket's.
        access_key_id_file: holds the id of the key; unless it is said, both come as for other
            programs that speak S3 (`AWS_ACCESS_KEY_ID` …, or the machine's role).
        secret_access_key_file: holds the key.
        cache_mib: what the copies of packs in the workspace's folder may come to, about.
    """

    url: Annotated[str, msgspec.Meta(pattern="^s3://[A-Za-z0-9][A-Za-z0-9._-]+(/[^?#]*)?$")]
    endpoint: Annotated[str, msgspec.Meta(pattern="^https?://[^/@]+/?$")] | None = None
    region: Text | None = None
    access_key_id_file: Text | None = None
    secret_access_key_file: Text | None = None
    cache_mib: Annotated[int, msgspec.Meta(ge=64)] = 10_240

    def under(self, name: str) -> str:
        """Return the address of a folder in it."""
        return f"{self.url.rstrip('/')}/{name}"


class Bucket:
    """A bucket whose faults are `StorageUnreachable`: the same for readers and writers.

    Args:
        files: what is asked, as `sync.stores.bucket` has it.
        keys: what is said in hints instead of the names of variables.
        folder: in which all names stand; it ends in `/`.
    """

    def __init__(self, files: Far, keys: Mapping[str, str], folder: str = "") -> None:
        self._files = files
        self._keys = keys
        self._folder = folder

    def of_hub(self, device: DeviceId) -> Bucket:
        """Return what belongs to one hub alone of those that use the bucket."""
        return Bucket(self._files, self._keys, f"{HUBS}{device}/")

    def list(self, prefix: str) -> list[tuple[str, int]]:
        """Return name and size of the files directly in a folder."""
        try:
            found = self._files.list(self._folder + prefix)
            return [(name[len(self._folder) :], size) for name, size in found]
        except AfieldError as error:
            raise _worded(error, self._keys) from None

    def get(self, name: str, offset: int = 0, size_bytes: int = -1) -> bytes:
        """Read a part (-1: to the end); short at the end.

        Raises:
            FileNotFoundError: nothing has the name.
        """
        try:
            return self._files.get(self._folder + name, offset, size_bytes)
        except AfieldError as error:
            raise _worded(error, self._keys) from None

    def put(self, name: str, data: bytes) -> None:
        """Write a whole file, durably."""
        try:
            self._files.put(self._folder + name, data)
        except AfieldError as error:
            raise _worded(error, self._keys) from None

    def delete(self, *names: str) -> None:
        """Remove files; nothing happens with those that are missing."""
        try:
            self._files.delete(*(self._folder + name for name in names))
        except AfieldError as error:
            raise _worded(error, self._keys) from None


def storage_of(files: FileSystem, folder: str) -> Storage | None:
    """Return where the objects of the `.afield` at `folder` lie; None: in it.

    Raises:
        WorkspaceDamaged: its file cannot be read.
    """
    path = f"{folder}/{layout.STORAGE}"
    try:
        data = files.read(path)
    except FileNotFoundError:
        return None
    try:
        return msgspec.toml.decode(data, type=Storage)
    except msgspec.DecodeError as error:
        hint = "start the hub with its hub.toml, which writes it anew"
        raise WorkspaceDamaged("cannot read", path, str(error), hint=hint) from None


def remember_storage(files: FileSystem, folder: str, storage: Storage) -> None:
    """Let all who open the `.afield` at `folder` look for its objects in a bucket from now on."""
    told = {
        name: value for name, value in msgspec.structs.asdict(storage).items() if value is not None
    }
    lines = [f"{name} = {msgspec.json.encode(value).decode()}\n" for name, value in told.items()]
    head = "# Where the objects lie; written by `afield hub`, from [storage] of hub.toml.\n"
    files.write_new(f"{folder}/{layout.STORAGE}", (head + "".join(lines)).encode())


def options_of(storage: Storage) -> dict[str, Any]:
    """Return what obstore is opened with.

    Raises:
        StorageUnreachable: the file of a key cannot be read.
    """
    found: dict[str, Any] = {"retry_config": _RETRIES, "client_options": dict(_TIMES)}
    if storage.endpoint is not None:
        found["endpoint"] = storage.endpoint
        if storage.endpoint.startswith("http://"):
            found["client_options"]["allow_http"] = True
    if storage.region is not None:
        found["region"] = storage.region
    for key in ("access_key_id", "secret_access_key"):
        path = getattr(storage, f"{key}_file")
        if path is not None:
            try:
                found[key] = Path(path).read_text(encoding="utf-8").strip()
            except (OSError, UnicodeDecodeError) as error:
                why = getattr(error, "strerror", None) or "it is no text"
                raise StorageUnreachable("cannot read the storage's key", path, why) from None
    return found


def open_bucket(storage: Storage) -> Bucket:
    """Return the bucket; nothing is asked of it yet.

    Raises:
        ExtraMissing: obstore is not installed.
        StorageUnreachable: the file of a key cannot be read, or it is no address.
    """
    from afield.sync.stores.bucket import BucketRemote

    options = options_of(storage)
    try:
        return Bucket(BucketRemote(storage.url, options), _keys(storage))
    except (Unreachable, NotAllowed) as error:
        raise _worded(error, _keys(storage)) from None


def open_packs(storage: Storage, folder: str, files: FileSystem) -> BucketStore:
    """Return the packs of the `.afield` at `folder`: one store a process, threads share it."""
    from afield.vault.bucketed import BucketStore  # seldom, and not light

    key = (os.getpid(), folder, storage)
    with _opening:
        found = _OPEN.get(key)
        if found is None:
            near = FolderStore(f"{folder}/{layout.PACKS}", files)
            found = _OPEN[key] = BucketStore(
                near,
                open_bucket(storage),
                cache_bytes=storage.cache_mib * MIB,
                monotonic_s=time.monotonic,
            )
    return found


_OPEN: dict[tuple[int, str, Storage], BucketStore] = {}
_opening = threading.Lock()


def _keys(storage: Storage) -> dict[str, str]:
    """Return where what variables may say stands for this bucket, where it stands elsewhere."""
    found = {"AWS_ENDPOINT_URL": "endpoint in [storage]", "AWS_REGION": "region in [storage]"}
    for name in ("access_key_id", "secret_access_key"):
        path = getattr(storage, f"{name}_file")
        if path is not None:
            found[f"AWS_{name.upper()}"] = path
    return found


def _worded(error: AfieldError, keys: Mapping[str, str]) -> AfieldError:
    """Return a fault of the bucket as one that is nobody's who asks the hub."""
    if not isinstance(error, (Unreachable, NotAllowed)):
        return error
    hint = error.hint
    for name, place in keys.items():
        hint = hint and hint.replace(name, place)
    return StorageUnreachable(_WHAT, error.value, error.why, hint=hint)
