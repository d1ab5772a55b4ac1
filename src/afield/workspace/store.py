"""Making a workspace on disk, and opening one for writing: what a training process needs.

Nothing here loads SQLite, the query language or the reading side: starting a run in a new
workspace has a budget of 100 ms, imports included.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping

import msgspec

from afield.journal import DeviceKey, Journal, KeyMissing
from afield.kernel.clock import Clock, SystemClock
from afield.kernel.errors import NoWorkspace
from afield.kernel.files import FileSystem, OsFileSystem
from afield.kernel.ids import DeviceId, MemberId, WorkspaceId, new_member_id, new_workspace_id
from afield.members.events import device_introduced, member_introduced
from afield.members.names import to_object
from afield.runs.live_owner import host_name
from afield.runs.machine import keep_host
from afield.runs.record import Record
from afield.vault import Vault
from afield.workspace import layout
from afield.workspace.config import Config, read_config, write_config
from afield.workspace.errors import WorkspaceDamaged, WorkspaceForeign, WorkspaceUnwritable
from afield.workspace.person import person_here


def open_store(
    folder: str, *, files: FileSystem | None = None, clock: Clock | None = None
) -> tuple[Record, Config]:
    """Open the `.afield` at `folder`.

    Raises:
        NoWorkspace: there is none.
        WorkspaceForeign: what is there is not Afield's.
        WorkspaceDamaged: its configuration is gone, or is none.
    """
    files = files or OsFileSystem()
    path = os.path.join(folder, layout.CONFIG)
    if not os.path.isfile(path):
        _refuse_foreign(folder)
        import shlex  # rarely needed, and not light

        place = os.path.dirname(folder)
        hint = f"afield init {shlex.quote(place)}"
        raise NoWorkspace("no workspace", place, "it has no .afield folder", hint=hint)
    config = read_config(files, path)
    return _record(folder, config, files, clock or SystemClock()), config


def find_store(
    start: str, *, env: Mapping[str, str], home: str, clock: Clock | None = None
) -> tuple[Record, Config]:
    """Open the `.afield` that is meant at `start`; see `Workspace.find`.

    Raises:
        WorkspaceForeign: something else of that name is there.
        WorkspaceUnwritable: it has to be made, and cannot be.
    """

    def person() -> str:
        return person_here(env, home)

    named = env.get(layout.VARIABLE)
    if named:
        return make_store(layout.folder_for(named), clock=clock, person=person)
    found = layout.find_upward(start)
    if found is not None:
        return open_store(found, clock=clock)
    return make_store(layout.default_folder(env, home), clock=clock, person=person)


def make_store(
    folder: str,
    *,
    files: FileSystem | None = None,
    clock: Clock | None = None,
    person: Callable[[], str] | None = None,
    joins: tuple[WorkspaceId, DeviceId] | None = None,
) -> tuple[Record, Config]:
    """Make the `.afield` at `folder`, or open it when it is there already.

    `person` tells what the member of a new one is called; nothing is said of it without.
    `joins` is the workspace, and the device that founded it, of which this is to be a copy.

    Several processes may do so at once; one makes it. Making it again after a crash picks up
    what was there.

    Raises:
        WorkspaceForeign: something else of that name is there.
        WorkspaceUnwritable: the folder cannot be written.
    """
    files = files or OsFileSystem()
    clock = clock or SystemClock()
    path = os.path.join(folder, layout.CONFIG)
    if os.path.isfile(path):
        return open_store(folder, files=files, clock=clock)
    _refuse_foreign(folder)
    try:
        os.makedirs(folder, exist_ok=True)
        with files.lock(os.path.join(folder, layout.LOCK)):
            if os.path.isfile(path):
                return open_store(folder, files=files, clock=clock)
            return _make(folder, files, clock, person() if person else "", joins)
    except OSError as error:
        hint = f"ls -la {os.path.dirname(folder)}"
        why = error.strerror or str(error)
        raise WorkspaceUnwritable("cannot make workspace", folder, why, hint=hint) from error


def _make(
    folder: str,
    files: FileSystem,
    clock: Clock,
    name: str,
    joins: tuple[WorkspaceId, DeviceId] | None,
) -> tuple[Record, Config]:
    """Key, then the device's first entries, then the configuration: half of it is harmless."""
    with open(os.path.join(folder, layout.IGNORE), "w", encoding="ascii") as stream:
        stream.write("*\n")  # git never sees a workspace
    key = _key(os.path.join(folder, layout.KEYS))
    workspace, founder = joins or (new_workspace_id(), None)
    config = Config(workspace, key.device, new_member_id(), founder)
    before = _introduced_member(_record(folder, config, files, clock, key).journal, key.device)
    if before is not None:
        config = msgspec.structs.replace(config, member=before)
    record = _record(folder, config, files, clock, key)
    if before is None:
        member = MemberId(config.member)
        drafts = [device_introduced(key.device, public_key=key.public, member=member)]
        if name:  # prose, so it stands in an object
            drafts.append(
                member_introduced(member, profile=record.vault.put(to_object(name), meta=True))
            )
        keep_host(record.vault, folder, host_name())  # for the first run: one pack holds both
        record.vault.flush()
        record.journal.append_many(drafts)
    write_config(files, os.path.join(folder, layout.CONFIG), config)
    return record, config


def _introduced_member(journal: Journal, device: DeviceId) -> MemberId | None:
    """Return the member that a making cut short has introduced the device for."""
    for batch in journal.read():
        if batch.device == device and batch.entries:
            return batch.entries[0].by
    return None


def _key(keys: str) -> DeviceKey:
    try:
        return DeviceKey.load(keys)
    except KeyMissing:
        key = DeviceKey.generate()
        key.save(keys)
        return key


def _record(
    folder: str,
    config: Config,
    files: FileSystem,
    clock: Clock,
    key: DeviceKey | None = None,
) -> Record:
    keys = os.path.join(folder, layout.KEYS)
    load: DeviceKey | Callable[[], DeviceKey] = key or (lambda: DeviceKey.load(keys))
    journal = Journal(
        os.path.join(folder, layout.JOURNAL),
        files,
        clock,
        key=load,
        device=DeviceId(config.device),
        member=MemberId(config.member),
    )
    return Record(
        journal=journal,
        vault=_vault(folder, files),
        live=os.path.join(folder, layout.LIVE),
        files=files,
        clock=clock,
        workspace=folder,
    )


def _vault(folder: str, files: FileSystem) -> Vault:
    """Return the vault in the folder, or the one in a bucket that a hub's workspace names."""
    packs = os.path.join(folder, layout.PACKS)
    if files.stat(os.path.join(folder, layout.STORAGE)) is None:
        recalled = os.path.join(folder, layout.CACHE, layout.PACKS)
        return Vault(packs, files, recalled=recalled)
    from afield.workspace.storage import open_packs, storage_of  # a hub's alone

    storage = storage_of(files, folder)
    store = None if storage is None else open_packs(storage, folder, files)
    return Vault(packs, files, store=store)


def _refuse_foreign(folder: str) -> None:
    """Refuse a `.afield` that holds what Afield does not put there, or has lost what it did."""
    if layout.was_used(folder):
        why = f"its {layout.CONFIG} is gone"
        hint = "bring that file back from a copy of the folder, or move the folder away"
        raise WorkspaceDamaged("cannot open workspace", folder, why, hint=hint)
    try:
        names = os.listdir(folder)
    except FileNotFoundError:
        return
    except NotADirectoryError as error:
        raise WorkspaceForeign("cannot use workspace", folder, "it is a file") from error
    except PermissionError as error:
        raise WorkspaceUnwritable("cannot read workspace", folder, "not permitted") from error
    strange = sorted(name for name in names if name not in layout.OURS and ".tmp" not in name)
    if strange:
        raise WorkspaceForeign(
            "cannot use workspace",
            folder,
            f"it has no {layout.CONFIG} and holds `{strange[0]}`",
            hint="move it away, or name another folder with --workspace",
        )
