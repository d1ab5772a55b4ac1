"""Opening a bundle: as a workspace of its own, in the person's data folder.

A bundle may come from anybody: only files of known names and bounded sizes are taken out, the
signature is checked first, and every entry and object is checked when it is read, as always.
"""

from __future__ import annotations

import os
import re
import shutil
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

from afield.journal import seals
from afield.journal.places import LogName
from afield.kernel.digest import digest_file
from afield.kernel.errors import AfieldError
from afield.kernel.ids import DeviceId, RunId, parse_run_id
from afield.members.events import device_confirmed
from afield.sync.layout import FORMAT
from afield.workspace import layout
from afield.workspace.bundle.contents import CONTENTS_BYTES_MAX, NAME, SUFFIX, Contents, decode
from afield.workspace.errors import BundleDamaged, BundleUnreadable
from afield.workspace.workspace import Workspace

_MEMBER = re.compile(r"journal/[0-9a-f]{32}/\d+\.log(\.zst)?|packs/[0-9a-f]{64}\.pack")
MAKE = "afield bundle RUN -o NAME.afield"
_MAGIC = b"PK\x03\x04"


@dataclass(frozen=True, slots=True)
class Opened:
    """A bundle as a workspace: where it was laid, the run in it, and what it says of itself."""

    workspace: Workspace
    run: RunId
    contents: Contents


def is_bundle(ref: str) -> bool:
    """Tell whether what a person typed for a run names a bundle's file."""
    if not ref.endswith(SUFFIX) and os.sep not in ref:
        return False
    try:
        with Path(ref).open("rb") as stream:
            return stream.read(len(_MAGIC)) == _MAGIC or ref.endswith(SUFFIX)
    except IsADirectoryError:
        return False
    except OSError:
        return ref.endswith(SUFFIX)


def contents_of(path: str) -> Contents:
    """Read what a bundle says it holds, signature checked.

    Raises:
        BundleUnreadable: there is no such file, or it is no bundle.
        BundleDamaged: its contents are not what was signed.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            return _contents(archive, path)
    except zipfile.BadZipFile as error:
        raise BundleUnreadable("cannot open bundle", path, "it is no bundle", hint=MAKE) from error
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        raise BundleUnreadable("cannot open bundle", path, why, hint=MAKE) from error


def unpack(path: str, home: str) -> Opened:
    """Lay a bundle out below the folder `home`, once, and open it as a workspace.

    The folder is named by the digest of the file, so that the same bundle is found again with
    what was recorded in it since: its reproductions.

    Raises:
        BundleUnreadable: there is no such file, or it is no bundle.
        BundleDamaged: something in it does not verify.
        OSError: it cannot be laid out.
    """
    contents = contents_of(path)
    run = parse_run_id(contents.run)
    name, _ = digest_file(path)
    place = Path(home, "bundles", name[:32])
    if not (place / layout.FOLDER / layout.CONFIG).exists():
        place.parent.mkdir(parents=True, exist_ok=True)
        fresh = Path(tempfile.mkdtemp(prefix=f"{name[:8]}-", dir=place.parent))
        try:
            _lay_out(path, fresh / layout.FOLDER)
            _check(fresh, contents, path)
            _move(fresh, place)
        finally:
            shutil.rmtree(fresh, ignore_errors=True)
    return Opened(Workspace.open(place), run, contents)


def _contents(archive: zipfile.ZipFile, path: str) -> Contents:
    try:
        info = archive.getinfo(NAME)
    except KeyError as error:
        if FORMAT in archive.namelist():
            why, hint = "it is a part of a record, and no run", f"afield sync {path}"
            raise BundleUnreadable("cannot open bundle", path, why, hint=hint) from error
        raise BundleUnreadable("cannot open bundle", path, f"it holds no {NAME}") from error
    if info.file_size > CONTENTS_BYTES_MAX:
        raise BundleDamaged("cannot open bundle", path, f"its {NAME} is too large")
    return decode(archive.read(info), path)


def _lay_out(path: str, folder: Path) -> None:
    """Take out journal and packs; nothing else, and nothing that would grow."""
    try:
        with zipfile.ZipFile(path) as archive:
            for info in archive.infolist():
                if info.filename == NAME:
                    continue
                if not _MEMBER.fullmatch(info.filename) or info.compress_type != zipfile.ZIP_STORED:
                    why = f"it holds `{info.filename}`, which no bundle holds"
                    raise BundleDamaged("cannot open bundle", path, why)
                target = folder / info.filename
                target.parent.mkdir(parents=True, exist_ok=True)
                with archive.open(info) as source, target.open("xb") as to:
                    shutil.copyfileobj(source, to, 1 << 20)
    except (zipfile.BadZipFile, FileExistsError) as error:
        raise BundleDamaged("cannot open bundle", path, str(error).lower()) from error


def _check(fresh: Path, contents: Contents, path: str) -> None:
    """Make the folder a workspace, and check all that the bundle brought."""
    with Workspace.init(fresh) as workspace:
        workspace.record.vault.reindex()
        head = workspace.record.journal.heads().get(LogName(contents.log))
        if head is None or head.digest != contents.head:
            raise BundleDamaged(
                "cannot open bundle", path, "its log is not the one that was signed"
            )
        _confirm(workspace, DeviceId(contents.log))
        found = next((one for one in workspace.verify() if one.damaged), None)
        if found is not None:
            raise BundleDamaged(
                "cannot open bundle", path, f"{found.what} {found.name}: {found.why}"
            )
        try:
            workspace.run(contents.run)
        except AfieldError as error:
            raise BundleDamaged("cannot open bundle", path, error.message) from error


def _confirm(workspace: Workspace, log: DeviceId) -> None:
    """Let the log count: whoever opens a bundle takes it from the device that signed it."""
    journal = workspace.record.journal
    entries = [entry for batch in journal.read() if batch.device == log for entry in batch.entries]
    key = seals.public_key(entries[0]) if entries else None
    if key is not None:  # it states again what several members wrote
        members = sorted({entry.by for entry in entries})
        drafts = [device_confirmed(log, public_key=key, member=member) for member in members]
        journal.append_many(drafts, durable=True)


def _move(fresh: Path, place: Path) -> None:
    try:
        fresh.rename(place)
    except OSError:
        if not (place / layout.FOLDER / layout.CONFIG).exists():  # else another process was first
            raise
