"""The full check of all logs: checksums, order, chain, seals, references, what was on disk."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from afield.journal import seals
from afield.journal.entry import Entry
from afield.journal.errors import EntryVersionUnknown
from afield.journal.places import (
    OPEN,
    SEALED,
    WITNESS,
    Batch,
    LogName,
    branch_start,
    device_of_log,
    is_branch,
    segments,
)
from afield.journal.reader import logs, read_log
from afield.journal.segments import unpack
from afield.journal.tail import find_tail
from afield.journal.witness import damaged_lines, read_witnesses
from afield.kernel.files import FileSystem
from afield.kernel.findings import Finding
from afield.kernel.ids import DeviceId, ObjectId

Known = Callable[[ObjectId], bool]


def verify(files: FileSystem, root: str, known: Known | None) -> Iterator[Finding]:
    """Yield what is wrong or odd, log by log.

    Args:
        files: the file system.
        root: the journal's folder.
        known: says whether an object is there; None leaves references unchecked.
    """
    for log in logs(files, root):
        try:
            yield from _verify_log(files, root, log, known)
        except EntryVersionUnknown as error:
            why = f"not checked from here on: {error.why}"
            yield Finding("entry", f"{log} {error.value}", why, damaged=False)


def _verify_log(
    files: FileSystem, root: str, log: LogName, known: Known | None
) -> Iterator[Finding]:
    folder = f"{root}/{log}"
    device = device_of_log(log)
    claims = {claim.seq: claim.digest for claim in read_witnesses(files, folder, device)}
    public: bytes | None = None
    if is_branch(log):
        public = _key_of(files, root, device)
        yield Finding("branch", log, _two(branch_start(log)), damaged=False)
    at = 0
    seq = 0
    segment = ""
    for batch in read_log(files, root, log):
        if batch.position.segment != segment and batch.entries:
            yield from _misplaced(batch)
        segment = batch.position.segment
        for entry in batch.entries:
            if entry.seq == 1:
                public = seals.public_key(entry)
            if entry.at <= at:
                yield _of(entry, "chain", "its time is not after that of the entry before")
            yield from _check_entry(entry, public, claims)
            if known is not None:
                yield from _missing_refs(entry, known)
            at, seq = entry.at, entry.seq
        if batch.damage is not None:
            yield batch.damage
    lost = max(claims, default=0)
    if lost > seq:
        why = f"the log ends after entry {seq}, but entries up to {lost} were on disk"
        yield Finding("chain", f"{device}/{seq + 1}", why, damaged=True)
    yield from _verify_files(files, folder, device)


def _key_of(files: FileSystem, root: str, device: DeviceId) -> bytes | None:
    for batch in read_log(files, root, LogName(device)):
        return seals.public_key(batch.entries[0]) if batch.entries else None
    return None


def _two(seq: int) -> str:
    return (
        f"the device wrote two different entries {seq}: a copy of it was used, or a backup that"
        " was restored; both are kept and both count"
    )


def _check_entry(entry: Entry, public: bytes | None, claims: dict[int, str]) -> Iterator[Finding]:
    if entry.kind == seals.KIND and (why := seals.why_not_good(entry, public)):
        yield _of(entry, "seal", why)
    if claims.get(entry.seq, entry.digest) != entry.digest:
        yield _of(entry, "chain", "another entry with this number was on disk before")


def _verify_files(files: FileSystem, folder: str, device: DeviceId) -> Iterator[Finding]:
    names = files.list(folder)
    found = segments(names)
    for name, suffixes in found.items():
        if SEALED in suffixes and unpack(files.read(f"{folder}/{name}{SEALED}")) is None:
            why = "the compressed form does not verify"
            yield Finding("segment", f"{device}/{name}{SEALED}", why, damaged=True)
    if bad := damaged_lines(files, folder):
        why = f"{bad} of its lines on what was on disk do not verify"
        yield Finding("witness", f"{device}/{WITNESS}", why, damaged=True)
    for name in names:
        if ".damaged-" in name:
            why = "set aside: it held no line that verified"
            yield Finding("segment", f"{device}/{name}", why, damaged=True)
        elif ".tmp-" in name:
            why = "left by a process that stopped, or being written now"
            yield Finding("temporary", f"{device}/{name}", why, damaged=False)
    last = next(reversed(found), None)
    if last is not None and OPEN in found[last]:
        stat = files.stat(f"{folder}/{last}{OPEN}")
        tail = find_tail(files, folder, device)
        torn = stat.size_bytes - tail.size_bytes if stat and tail.segment == last else 0
        if torn > 0:
            why = f"{torn} bytes behind the last entry, cut off by the next append"
            yield Finding("entry", f"{device}/{tail.seq + 1}", why, damaged=False)


def _misplaced(batch: Batch) -> Iterator[Finding]:
    """Look whether a segment opens with the entry that it is named after."""
    first = batch.entries[0]
    if first.seq != int(batch.position.segment):
        yield _of(
            first, "chain", f"opens segment {batch.position.segment}, where it does not belong"
        )


def _missing_refs(entry: Entry, known: Known) -> Iterator[Finding]:
    for ref in entry.refs:
        if not known(ref):
            yield _of(entry, "reference", f"names object {ref}, which is not here")


def _of(entry: Entry, what: str, why: str) -> Finding:
    return Finding(what, f"{entry.device}/{entry.seq}", why, damaged=True)
