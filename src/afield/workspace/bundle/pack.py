"""Writing a bundle: the run's entries stated again in a log of their own, and all their objects.

A device's log also tells of other runs, so it cannot be handed on in part: each entry names
the one before. The bundle's log is new, sealed by a key made for it and thrown away; who
vouches for it is the device that signs `bundle.json`.
"""

from __future__ import annotations

import os
import re
import tempfile
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from afield.journal import DeviceKey, Draft, Entry, Journal
from afield.journal.places import LogName
from afield.kernel.clock import COUNTER_BITS
from afield.kernel.errors import Refused
from afield.kernel.files import FileSystem, OsFileSystem
from afield.kernel.ids import MemberId, ObjectId, RunId
from afield.members.events import MEMBER_INTRODUCED, device_introduced
from afield.runs.events import REPRODUCED
from afield.runs.manifest import DatasetRead, Manifest, encode
from afield.runs.record import Record
from afield.sync.replica import Filter
from afield.vault import Vault
from afield.vault.tree import SYMLINK
from afield.workspace import layout
from afield.workspace.bundle.contents import NAME, Contents, Source
from afield.workspace.bundle.contents import encode as encode_contents
from afield.workspace.errors import BundleUnwritable

_OBJECT = re.compile(rb"[0-9a-f]{64}")
_EPOCH = (1980, 1, 1, 0, 0, 0)
_NS_PER_MS = 1_000_000


@dataclass(frozen=True, slots=True)
class Packed:
    """A bundle that was written: where, how large, how many objects, and what it lacks."""

    path: str
    size_bytes: int
    objects: int
    contents: Contents


def pack(
    record: Record,
    run: RunId,
    *,
    name: str,
    manifest: Manifest,
    path: str,
    wheels: Mapping[str, ObjectId] | None = None,
    absent: Sequence[str] = (),
    may_go: Filter = lambda _: True,
    progress: Callable[[str], None] = lambda _: None,
) -> Packed:
    """Write all that a stranger needs of a run into one file; an older one is replaced.

    Args:
        record: the workspace.
        run: the run.
        name: what it is called.
        manifest: what it was made of.
        path: the file to write.
        wheels: distribution to wheel, objects of the vault.
        absent: what is known to be missing, in words.
        may_go: tells which objects may; what of the run's files may not is left out.
        progress: told what takes time.

    Raises:
        Refused: something that the run's own entries name may not go.
        BundleUnwritable: the file cannot be written.
        Damaged: an object or entry of the run does not verify.
    """
    try:
        with tempfile.TemporaryDirectory(prefix="afield-bundle-") as base:
            progress("gathering objects")
            files = OsFileSystem()
            vault = Vault(f"{base}/{layout.PACKS}", files)
            entries = list(_entries(record, run))
            refs = {ref for entry in entries for ref in entry.refs}
            _require(refs, may_go, run, name)
            wanted = {*_closure(record, manifest, refs), *(wheels or {}).values()}
            going = [one for one in wanted if may_go(bytes.fromhex(one))]
            objects = _copy(record.vault, vault, going)
            log, head = _state_again(base, files, record, entries)
            contents = Contents(
                run=run,
                name=name,
                made_ms=record.now_ms(),
                device=record.journal.device,
                public_key=_key(record).public.hex(),
                log=log,
                head=head,
                sources=tuple(Source(one.device, one.seq, one.digest) for one in entries),
                wheels=dict(wheels or {}),
                absent=tuple(absent),
            ).signed(_key(record))
            progress("writing the bundle")
            size_bytes = _zip(base, contents, path)
    except OSError as error:
        raise BundleUnwritable("cannot write bundle", path, error.strerror or str(error)) from error
    return Packed(path, size_bytes, objects, contents)


def _require(refs: Iterable[ObjectId], may_go: Filter, run: RunId, name: str) -> None:
    """Look whether all that the run's entries name may go.

    Raises:
        Refused: something may not; without it the entries would not hold.
    """
    if not all(may_go(bytes.fromhex(ref)) for ref in refs):
        why = "it saved bytes that must stay in a place"
        raise Refused("cannot bundle", name, why, hint=f"afield bundle {run} --label PLACE")


def _key(record: Record) -> DeviceKey:
    return DeviceKey.load(os.path.join(record.workspace, layout.KEYS))  # noqa: PTH118 - str at hand


def _entries(record: Record, run: RunId) -> Iterator[Entry]:
    """Yield who wrote about a run, then the run's entries; not those that name other runs."""
    about: list[Entry] = []
    people: dict[str, Entry] = {}
    for batch in record.journal.read():
        for entry in batch.entries:
            if entry.about == run and entry.kind != REPRODUCED:
                about.append(entry)
            elif entry.kind == MEMBER_INTRODUCED:
                people[entry.about] = entry
    writers = {entry.by for entry in about}
    yield from (people[one] for one in sorted(writers & people.keys()))
    yield from sorted(about, key=lambda entry: (entry.at, entry.device, entry.seq))


def _closure(record: Record, manifest: Manifest, refs: Iterable[ObjectId]) -> Iterator[ObjectId]:
    """Yield every object that a run's record names, of those that are here."""
    yield from (ref for ref in refs if record.vault.has(ref))
    for digest in set(_OBJECT.findall(encode(manifest))):
        named = ObjectId(digest.decode())
        if record.vault.has(named):
            yield named
    if manifest.code is not None:
        for entry in record.vault.get_tree(ObjectId(manifest.code.tree)):
            if record.vault.has(entry.object):
                yield entry.object
    for version in manifest.datasets:
        yield from _read_of(version, record.vault)


def _read_of(version: DatasetRead, vault: Vault) -> Iterator[ObjectId]:
    """Yield what a run took out of a version of data, and the links, by which files are found."""
    if not vault.has(ObjectId(version.tree)):
        return
    read = {file.digest for file in version.files}
    for entry in vault.get_tree(ObjectId(version.tree)):
        wanted = version.whole or entry.mode == SYMLINK or entry.object in read
        if wanted and vault.has(entry.object):
            yield entry.object


def _copy(source: Vault, target: Vault, objects: Iterable[ObjectId]) -> int:
    wanted = sorted(objects)
    for one in wanted:
        with source.open(one) as stream:
            stored, _ = target.put_stream(stream)
        assert stored == one
    target.flush()
    return len(wanted)


class _AsThen:
    """A clock that says when an entry was written, so that it is stated with its own time."""

    def __init__(self) -> None:
        self.entry: Entry | None = None
        self.first_ms = 0

    def wall_ns(self) -> int:
        at_ms = self.entry.at >> COUNTER_BITS if self.entry else self.first_ms
        return at_ms * _NS_PER_MS

    def utc_offset(self) -> str:
        return self.entry.tz if self.entry else "+00:00"


def _state_again(
    base: str, files: FileSystem, record: Record, entries: Sequence[Entry]
) -> tuple[str, str]:
    """Write the entries into a log of their own; return its device and the head's digest."""
    key, clock = DeviceKey.generate(), _AsThen()
    clock.first_ms = min((entry.at >> COUNTER_BITS for entry in entries), default=0)

    def journal(member: str) -> Journal:
        return Journal(
            f"{base}/{layout.JOURNAL}",
            files,
            clock,
            key=key,
            device=key.device,
            member=MemberId(member),
            sync_within_s=None,
        )

    owner = record.journal.member
    log = journal(owner)
    log.append_many([device_introduced(key.device, public_key=key.public, member=owner)])
    for entry in entries:
        if entry.by != log.member:
            log.close()
            log = journal(entry.by)
        clock.entry = entry
        log.append_many([Draft(entry.kind, entry.about, entry.body, entry.refs)])
    log.seal()
    head = log.heads()[LogName(key.device)].digest
    log.close()
    return key.device, head


def _zip(base: str, contents: Contents, path: str) -> int:
    """Write the bundle beside its place and move it there; return its size."""
    temporary = f"{path}.tmp-{os.getpid()}"
    root = Path(base)
    try:
        with zipfile.ZipFile(temporary, "w", zipfile.ZIP_STORED) as archive:
            archive.writestr(zipfile.ZipInfo(NAME, _EPOCH), encode_contents(contents))
            for folder in (layout.JOURNAL, layout.PACKS):
                for file in sorted((root / folder).rglob("*")):
                    if file.is_file() and file.suffix in {".log", ".zst", ".pack"}:
                        info = zipfile.ZipInfo(file.relative_to(root).as_posix(), _EPOCH)
                        with (
                            file.open("rb") as source,
                            archive.open(info, "w", force_zip64=True) as to,
                        ):
                            while part := source.read(1 << 20):
                                to.write(part)
        size_bytes = Path(temporary).stat().st_size
        os.replace(temporary, path)  # noqa: PTH105 - str at hand
    finally:
        Path(temporary).unlink(missing_ok=True)
    return size_bytes
