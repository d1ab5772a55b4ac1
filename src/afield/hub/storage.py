"""The bucket that `hub.toml` names: taken into use before the first request, and its check.

What is kept in it and when is the workspace's matter; here is what a start and a check do.
"""

from __future__ import annotations

import logging
import secrets
from pathlib import Path

from afield.hub.config import ConfigOff, HubConfig
from afield.hub.databases import database_of
from afield.kernel.errors import AfieldError
from afield.kernel.files import OsFileSystem
from afield.kernel.ids import DeviceId
from afield.vault.bucketed import PREFIX
from afield.workspace import layout
from afield.workspace.config import read_config
from afield.workspace.pieces import LIVE
from afield.workspace.restored import restore_journal, restore_live
from afield.workspace.storage import (
    Bucket,
    open_bucket,
    open_packs,
    remember_storage,
    storage_of,
)
from afield.workspace.workspace import Workspace

_PROBE_BYTES = 64
_RECORD = "record"

log = logging.getLogger("afield.hub")


class StorageOff(ConfigOff):
    """The objects of a workspace lie elsewhere than its hub's configuration says."""

    code = "hub.storage"


class StorageForgets(AfieldError):
    """The bucket does not give back what was written to it."""

    code = "hub.storage_forgets"


def use_storage(config: HubConfig) -> None:
    """Let the workspace's objects lie in the bucket, and bring back what only the bucket has.

    Packs that lie in the folder alone are sent.

    Raises:
        StorageOff: they lie in another bucket, or in one and none is named, or the bucket holds
            another record: after a loss, say, the one that `afield init` has just made is not it.
        StorageDiffers: bucket and folder have gone on apart.
        StorageUnreachable: the bucket does not answer, or does not let the hub in.
    """
    files, folder = OsFileSystem(), layout.folder_for(config.workspace)
    if not Path(folder, layout.CONFIG).is_file():
        return  # whoever opens it says so
    before, storage = storage_of(files, folder), config.storage
    if before is not None and (storage is None or storage.url != before.url):
        named = "names none" if storage is None else f"names {storage.url}"
        why = f"its objects lie in {before.url}, and [storage] {named}"
        raise StorageOff("cannot open", folder, why, hint=f'[storage] url = "{before.url}"')
    if storage is None:
        return
    own = read_config(files, f"{folder}/{layout.CONFIG}")
    bucket = open_bucket(storage)
    if not look_whose(bucket, config):
        bucket.put(_RECORD, f"{own.workspace}\n".encode())
    sent = open_packs(storage, folder, files).send()
    if sent:
        log.warning("storage: %d packs that were here alone went to %s", sent, storage.url)
    bucket = bucket.of_hub(DeviceId(own.device))
    lines_bytes = restore_journal(files, folder, bucket)
    if storage != before:
        remember_storage(files, folder, storage)
    runs = 0
    if bucket.list(LIVE):
        with Workspace.open(config.workspace, database=database_of(config)) as workspace:
            runs = restore_live(workspace, bucket)
    if lines_bytes or runs:
        told = "storage: %d bytes of the journal and the points of %d runs came back from %s"
        log.warning(told, lines_bytes, runs, storage.url)


def look_whose(bucket: Bucket, config: HubConfig) -> bool:
    """Tell whether the bucket says whose record it holds; it is not that of another.

    Raises:
        StorageOff: it holds another one.
    """
    assert config.storage is not None
    folder = layout.folder_for(config.workspace)
    own = read_config(OsFileSystem(), f"{folder}/{layout.CONFIG}").workspace
    try:
        found = bucket.get(_RECORD).decode("ascii", "replace").strip()
    except FileNotFoundError:
        return False
    if found != own:
        why = f"it holds record {found}, and the one in {folder} is {own}"
        hint = f"put config.toml and keys of its hub into {folder}, or name another prefix"
        raise StorageOff("cannot use the storage", config.storage.url, why, hint=hint)
    return True


def probed(config: HubConfig) -> str:
    """Write, list, read back and delete a file of our own in the bucket; return what it is.

    Raises:
        StorageOff: it holds another record.
        StorageUnreachable: it does not answer, or does not let us in; the hint says what to do.
        StorageForgets: what was written is not what is read, or not listed.
    """
    storage = config.storage
    assert storage is not None, "there is no bucket to look at"
    bucket, data = open_bucket(storage), secrets.token_bytes(_PROBE_BYTES)
    name = f"probe/{data.hex()[:16]}"
    bucket.put(name, data)
    try:
        if bucket.get(name) != data or bucket.get(name, 8, 8) != data[8:16]:
            raise StorageForgets("cannot use the storage", storage.url, "it reads other bytes")
        if name not in {found for found, _ in bucket.list("probe/")}:
            raise StorageForgets("cannot use the storage", storage.url, "it lists not what it has")
    finally:
        bucket.delete(name)
    if Path(layout.folder_for(config.workspace), layout.CONFIG).is_file():
        look_whose(bucket, config)
    packs = [size for found, size in bucket.list(PREFIX) if found.endswith(".pack")]
    return f"{storage.url}: {len(packs):,} packs, {sum(packs) >> 20:,} MiB"
