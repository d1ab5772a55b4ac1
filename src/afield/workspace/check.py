"""The full check of a workspace: what its rooms check, and what only shows across them.

A log that is gone leaves nothing for the journal to complain of; the configuration, the key and
the tables still know of it.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass

import msgspec

from afield.journal import DeviceKey
from afield.journal.places import LogName
from afield.kernel.errors import AfieldError
from afield.kernel.findings import Finding
from afield.kernel.ids import DeviceId, ObjectId
from afield.members.fold import room as members_of
from afield.projection import Room
from afield.projection.engine import Projection
from afield.runs.record import Record
from afield.vault.check import EVERY_BYTE, GONE, PHANTOM, Depth, Elsewhere, nowhere, phantom
from afield.workspace import layout
from afield.workspace.held_back import anywhere_else
from afield.workspace.phantoms import are_any, phantoms_and_lost
from afield.workspace.reach import Reach, holdings
from afield.workspace.rooms import rooms
from afield.workspace.sampling import FULL, Coverage, Extent, Verified

_TRIES = 3


@dataclass(frozen=True, slots=True)
class Examined:
    """What a check of a workspace found, and how much of it was read.

    Attributes:
        findings: what is damaged or odd.
        packs: how many packs are here, and `read` of how many of them every byte was read.
        read_bytes: of those.
        seed: of a sample: chooses the same packs again.
        coverage: how much was ever read here.
    """

    findings: list[Finding]
    packs: int
    read: int
    read_bytes: int
    seed: int | None
    coverage: Coverage


def examine(
    record: Record,
    projection: Projection,
    trusted: Collection[DeviceId],
    extent: Extent = FULL,
    *,
    total: Callable[[int, int], object] = lambda _packs, _bytes: None,
    looked: Callable[[int, int], object] = lambda _packs, _bytes: None,
) -> Examined:
    """Check a workspace as deep as is asked for, and remember which packs were found sound.

    Args:
        record: the workspace.
        projection: its tables; not compared by a quick check.
        trusted: the devices that count without confirmation.
        extent: how deep.
        total: told how many packs and bytes are going to be read, before they are.
        looked: told how many were since it was told last.
    """
    record.vault.refresh()
    sizes = {pack: record.vault.packs.size(pack) for pack in record.vault.packs.names()}
    verified = Verified(f"{record.workspace}/{layout.CACHE}", record.files)
    chosen, seed = frozenset(sizes if extent.kind == "full" else ()), None
    if extent.kind == "sample":
        sample = verified.choose(sizes, extent)
        chosen, seed = sample.packs, sample.seed
    read_bytes = sum(sizes[pack] for pack in chosen)
    total(len(sizes), read_bytes)
    sound: set[str] = set()
    depth = Depth(chosen.__contains__, looked, sound.add)
    where = anywhere_else(record, projection)
    known: Elsewhere = nowhere
    if are_any(record.workspace, record.files):
        known = phantoms_and_lost(record.workspace, record.files)
    cheap = extent.kind == "quick"
    found = check(record, projection, trusted, where, depth, documents=known, cheap=cheap)
    findings = list(found)
    if chosen:
        with contextlib.suppress(OSError):  # on a disk that is read only all is checked as well
            verified.remember(sound, chosen, sizes, record.now_ms())
    coverage = verified.coverage(sizes, extent.share)
    return Examined(findings, len(sizes), len(chosen), read_bytes, seed, coverage)


def check(
    record: Record,
    projection: Projection,
    trusted: Collection[DeviceId],
    elsewhere: Elsewhere = nowhere,
    depth: Depth = EVERY_BYTE,
    *,
    documents: Elsewhere = nowhere,
    cheap: bool = False,
) -> Iterator[Finding]:
    """Yield what is damaged or odd: key, logs, packs, references and tables.

    Tables that are not what the journal says are named and folded anew. What is missing and
    known to be elsewhere is named as a phantom; what a device names that nobody has confirmed
    need not be here, nor what only deleted runs and dropped versions name: it may be swept.

    Args:
        record: the workspace.
        projection: its tables.
        trusted: the devices that count without confirmation.
        elsewhere: tells where an object is that is not here.
        depth: of which packs every byte is read; all unless given.
        documents: tells the same of what documents name, which may be no object at all: knows
            only what is at a place for sure.
        cheap: leave out what reads content or folds the journal anew: what documents name, and
            the tables.
    """
    yield from _check_key(record)
    counts = counting(record, trusted)

    free = given_up(record, projection, trusted)

    def known(ref: ObjectId) -> bool:
        return ref in free or record.vault.has(ref) or elsewhere(bytes.fromhex(ref)) is not None

    found = [*_check_logs(record, projection)]
    for finding in record.journal.verify(known=known):
        waits = finding.what == "reference" and finding.name.partition("/")[0] not in counts
        found.append(msgspec.structs.replace(finding, damaged=False) if waits else finding)
    yield from found
    phantoms: set[str] = set()
    roots = [ref for ref in roots_of(record, counts) if ref not in free]
    for finding in record.vault.verify(roots=roots, elsewhere=elsewhere, depth=depth):
        if finding.what in {PHANTOM, GONE}:
            phantoms.add(finding.name)
        yield finding
    if not cheap and documents is not nowhere:
        yield from _check_documents(record, roots, documents, phantoms)
    if not cheap and not any(finding.damaged for finding in found):
        # Of a damaged journal the tables may know more than can be read again: they stay.
        yield from _check_tables(record, projection, rooms(trusted))


class _Known:
    """What is known to be elsewhere, as a container."""

    def __init__(self, elsewhere: Elsewhere) -> None:
        self._elsewhere = elsewhere

    def __contains__(self, digest: object) -> bool:
        return isinstance(digest, bytes) and self._elsewhere(digest) is not None


def _check_documents(
    record: Record, roots: Collection[ObjectId], elsewhere: Elsewhere, named: Collection[str]
) -> Iterator[Finding]:
    """Name what manifests and trees list that is not here and known to be elsewhere."""
    reach = Reach(record.vault, _Known(elsewhere))
    for _ in reach.records(bytes.fromhex(root) for root in roots):
        pass
    for digest in sorted(reach.lost.missing):
        where = elsewhere(digest)
        if where is not None and digest.hex() not in named:
            yield phantom(digest, where)


def counting(record: Record, trusted: Collection[DeviceId]) -> set[str]:
    """Return the devices that count, going by the journal alone."""
    fresh = Projection(":memory:", [members_of(trusted)])
    try:
        fresh.refresh(record.journal)
        return {row[0] for row in fresh.query("SELECT id FROM devices")} | set(trusted)
    finally:
        fresh.close()


def roots_of(record: Record, counts: Collection[str]) -> Iterator[ObjectId]:
    """Yield what the entries that count name."""
    for batch in record.journal.read():
        if batch.device in counts:
            for entry in batch.entries:
                yield from entry.refs


def given_up(
    record: Record, projection: Projection, trusted: Collection[DeviceId]
) -> frozenset[ObjectId]:
    """Return what is named for deleted runs and dropped versions only, as the tables have them."""
    found = holdings(record, rooms(trusted), projection.query)
    live = {root for one in found if one.owner.live for root in one.roots}
    dead = {root for one in found if not one.owner.live for root in one.roots}
    return frozenset(ObjectId(digest.hex()) for digest in dead - live)


def _check_key(record: Record) -> Iterator[Finding]:
    """Look whether the key is there and is this device's; without it nothing can be sealed."""
    device = record.journal.device
    try:
        key = DeviceKey.load(f"{record.workspace}/{layout.KEYS}")
    except AfieldError as error:
        yield Finding("key", device, error.message, damaged=True)
        return
    if key.device != device:
        why = f"the key file holds the key of device {key.device}"
        yield Finding("key", device, why, damaged=True)


def _check_logs(record: Record, projection: Projection) -> Iterator[Finding]:
    """Compare the logs with what the tables were folded from, and with who writes here."""
    heads = record.journal.heads()
    read = {device: position.seq for device, position in projection.positions().items()}
    for device in sorted({LogName(record.journal.device), *read}):
        head = heads.get(device)
        if head is None:
            yield Finding("log", device, "it is gone, or holds no entry", damaged=True)
        elif head.seq < read.get(device, 0):
            why = f"it ends after entry {head.seq}, but entries up to {read[device]} were read once"
            yield Finding("chain", f"{device}/{head.seq + 1}", why, damaged=True)


def _check_tables(
    record: Record, projection: Projection, folded: Sequence[Room]
) -> Iterator[Finding]:
    """Fold the journal anew beside the tables, and compare."""
    import tempfile

    with tempfile.TemporaryDirectory(prefix="afield-verify-") as folder:
        fresh = Projection(f"{folder}/{layout.PROJECTION}", folded)
        try:
            for _ in range(_TRIES):  # others may append between the two looks
                projection.refresh(record.journal)
                fresh.refresh(record.journal)
                if fresh.dump() == projection.dump():
                    return
        finally:
            fresh.close()
    projection.rebuild(record.journal)
    why = "they were not what the journal says, and have been folded anew"
    yield Finding("tables", layout.PROJECTION, why, damaged=True)
