"""Taking from a remote: heads, metadata packs, the logs, then data packs by policy.

Generators of what to ask; pure. Metadata comes before the entries that name it, so that what
is shown can be read; the bytes of files may come later or never.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import msgspec

from afield.journal.entry import Entry
from afield.journal.seals import KIND as SEALED
from afield.kernel.ids import DeviceId
from afield.sync import layout
from afield.sync.chunk import decode_chunk
from afield.sync.errors import Corrupt
from afield.sync.events import SEEN
from afield.sync.job import Job, Steps
from afield.sync.layout import DIGEST_CHARS, HEADS, Head, Piece
from afield.sync.limits import (
    CHUNK_BYTES_MAX,
    CHUNKS_IN_A_ROW_MAX,
    HEAD_BYTES_MAX,
    HEADS_MAX,
    INDEX_TAIL_BYTES,
    NOTED_BYTES_MAX,
    STRANGER_TIPS_MAX,
    STRANGERS_MAX,
)
from afield.sync.messages import (
    Fetch,
    Forget,
    Judge,
    Keep,
    Lacking,
    Lay,
    ListFolder,
    LookUp,
    Unjudged,
)
from afield.sync.stores.store import Item
from afield.vault.errors import Corrupt as PackCorrupt
from afield.vault.limits import PACK_BYTES_MAX
from afield.vault.packs import index_block_of, index_bytes

QUIET = frozenset({SEEN, SEALED})
"""Kinds that only say what was merged: merging them is no news, or two copies would never rest."""


def pull_heads(job: Job) -> Steps:
    """Return the heads at the remote that verify, by device."""
    (listed,) = yield [ListFolder(HEADS)]
    devices = sorted(set(filter(None, (layout.head_device(item.name) for item in listed))))
    members = [device for device in devices if job.heeds_head(device)][:HEADS_MAX]
    strangers = [device for device in devices if not job.heeds_head(device)][:STRANGERS_MAX]
    found: dict[DeviceId, Head] = {}
    for device in (*members, *strangers):
        name = layout.head_name(device)
        (data,) = yield [Fetch(name, HEAD_BYTES_MAX)]
        if data is None:
            continue
        try:
            head = layout.decode_head(data, device, job.workspace)
        except Corrupt as error:
            job.report.fault(name, str(error))
            continue
        found[device] = head if job.heeds_head(device) else _of_stranger(head)
    return found


def _of_stranger(head: Head) -> Head:
    """Return what is believed of a head whose device does not count: what its own log is."""
    own = tuple(tip for tip in head.tips if tip[0] == head.device)[:STRANGER_TIPS_MAX]
    return msgspec.structs.replace(head, tips=own, bad=(), lacks=())


def pull_logs(job: Job, heads: Mapping[DeviceId, Head]) -> Steps:
    """Lay what the heads name and is not here; return the latest stamp and if there was news."""
    tips = sorted({tip for head in heads.values() for tip in head.tips})
    if not tips:
        return 0, False
    (held,) = yield [LookUp([(device, seq, digest) for device, seq, digest in tips])]
    missing = [tip for tip, here in zip(tips, held, strict=True) if not here]
    fresh = _Fresh()
    folders: dict[DeviceId, tuple[Piece, ...]] = {}
    grown = True
    while missing and grown:  # a branch can be laid once the log is here that it leaves
        grown, left = False, []
        for device, seq, digest in missing:
            if device not in folders:
                (listed,) = yield [ListFolder(layout.log_folder(device))]
                folders[device] = _pieces(device, listed)
            before = job.report.entries_in
            tip = (device, seq, digest)
            if not (yield from _pull_tip(job, folders[device], tip, fresh)):
                left.append(tip)
            grown = grown or job.report.entries_in > before
        missing = left
    job.report.behind += [(device, seq) for device, seq, _ in missing]
    sound = {tip for head in heads.values() if job.heeds_head(head.device) for tip in head.tips}
    job.report.lacks |= {tip[0] for tip in missing if tip in sound}
    return fresh.latest, fresh.news


@dataclass(slots=True)
class _Fresh:
    """What is to be remembered of the entries that were laid: no more than this.

    Attributes:
        latest: the latest of their stamps.
        news: whether any of them says more than what was merged.
    """

    latest: int = 0
    news: bool = False

    def take(self, entries: Iterable[Entry]) -> None:
        """Take note of entries that were laid."""
        for entry in entries:
            self.latest = max(self.latest, entry.at)
            self.news = self.news or entry.kind not in QUIET


def _pieces(device: DeviceId, listed: Iterable[Item]) -> tuple[Piece, ...]:
    return tuple(filter(None, (layout.piece_of(device, item.name) for item in listed)))


def _pull_tip(
    job: Job, pieces: tuple[Piece, ...], tip: tuple[DeviceId, int, str], fresh: _Fresh
) -> Steps:
    """Lay the chunks that lead to a tip from what is here; return whether all of it is here."""
    device, seq, digest = tip
    path = yield from _path(pieces, device, seq, digest[:DIGEST_CHARS])
    if path is None:
        return False
    for piece in reversed(path):
        if job.dry:
            job.report.entries_in += piece.last - piece.first + 1
            continue
        (data,) = yield [Fetch(piece.name, CHUNK_BYTES_MAX)]
        if data is None:
            return False
        try:
            lines = decode_chunk(piece, data)
        except Corrupt as error:
            job.report.fault(piece.name, str(error))
            return False
        job.report.bytes_in += len(data)
        (laid,) = yield [Lay(device, lines)]
        job.report.entries_in += len(laid)
        fresh.take(laid)
    return True


def _path(pieces: tuple[Piece, ...], device: DeviceId, seq: int, end: str) -> Steps:
    """Return the chunks from a tip back to what is here; None when one of them is not there.

    Among chunks that end alike, one that begins at what is here is best, then the longest.
    """
    by_end: dict[tuple[int, str], list[Piece]] = {}
    for piece in pieces:
        by_end.setdefault((piece.last, piece.end), []).append(piece)
    path: list[Piece] = []
    while len(path) < CHUNKS_IN_A_ROW_MAX:
        found = sorted(by_end.get((seq, end), ()), key=lambda piece: piece.first)
        if not found:
            return None
        befores = [(device, piece.first - 1, piece.before) for piece in found]
        (held,) = yield [LookUp(befores)]
        for piece, here in zip(found, held, strict=True):
            if here or piece.first == 1:
                return [*path, piece]
        path.append(found[0])
        seq, end = found[0].first - 1, found[0].before
    return None


def _packs_there(
    role: str, here: Mapping[str, tuple[str, int]], listed: Iterable[Item]
) -> dict[str, int]:
    """Return the packs of a role that are not here, with their sizes."""
    named = ((layout.pack_of(role, item.name), item.size_bytes) for item in listed)
    return {
        pack: size_bytes
        for pack, size_bytes in named
        if pack is not None and pack not in here and size_bytes <= PACK_BYTES_MAX
    }


def note_packs(here: Mapping[str, tuple[str, int]], listed: Iterable[Item]) -> Steps:
    """Learn what is in the data packs, before there are entries that name it.

    So what is missing is known to be there wherever a sync stops. Returns the packs that were
    looked at, with the bytes of some that are so small that they were read whole.
    """
    there = _packs_there("data", here, listed)
    (new,) = yield [Unjudged(sorted(there), "data", new=True)]
    noted: dict[str, bytes] = {}
    room_bytes = NOTED_BYTES_MAX
    for pack in new:
        name, size_bytes = layout.pack_name("data", pack), there[pack]
        try:
            data = yield from _index(name, size_bytes)
            if data is None:
                continue
            yield [Judge(pack, size_bytes, "data", index_block_of(data))]
        except PackCorrupt:
            continue  # named when the packs are pulled
        noted[pack] = data if len(data) == size_bytes <= room_bytes else b""
        room_bytes -= len(noted[pack])
    return noted


def pull_packs(
    job: Job,
    role: str,
    here: Mapping[str, tuple[str, int]],
    listed: Iterable[Item],
    noted: Mapping[str, bytes] = MappingProxyType({}),
) -> Steps:
    """Keep the packs of a role that hold what is wanted, until none does.

    Args:
        job: the sync.
        role: of the packs.
        here: the packs here.
        listed: those at the remote.
        noted: what `note_packs` returned.
    """
    there = _packs_there(role, here, listed)
    kept: set[str] = set()
    bad: set[str] = set()
    grown = True
    while grown:  # a pack that was kept may name more that is wanted
        grown = False
        (open_,) = yield [Unjudged(sorted(there.keys() - kept - bad), role)]
        job.report.ahead = len(open_)
        job.report.ahead_bytes = sum(there[pack] for pack in open_)
        for pack in open_:
            done = yield from _pull_pack(job, role, pack, there[pack], noted.get(pack))
            job.report.ahead -= 1
            job.report.ahead_bytes -= there[pack]
            if done is None:
                bad.add(pack)
            elif done:
                kept.add(pack)
                grown = True
    (left,) = yield [Lacking(sorted(there.keys() - kept - bad))]
    job.report.left += len(left)
    job.report.left_bytes += sum(there[pack] for pack in left)


def _pull_pack(job: Job, role: str, pack: str, size_bytes: int, data: bytes | None) -> Steps:
    """Keep one pack; True: kept, False: not wanted, None: what is there does not verify.

    `data` is what has been read of it; None: it is to be judged first.
    """
    name = layout.pack_name(role, pack)
    wanted = True
    try:
        if data is None:
            data = yield from _index(name, size_bytes)
            if data is None:
                return None
            (wanted,) = yield [Judge(pack, size_bytes, role, index_block_of(data))]
        if wanted and not job.dry:
            if len(data) < size_bytes:
                (data,) = yield [Fetch(name, PACK_BYTES_MAX)]
            if data is None:
                return None
            (why,) = yield [Keep(pack, data)]  # checked there, by name and record by record
            if why is not None:
                job.report.fault(name, why)
                return None
    except PackCorrupt as error:
        job.report.fault(name, str(error))
        yield [Forget(pack)]
        return None
    if wanted:
        job.report.packs_in += 1
        job.report.bytes_in += size_bytes
    return bool(wanted)


def _index(name: str, size_bytes: int) -> Steps:
    """Return the end of a pack with its whole index; all of the pack when it is small."""
    tail_bytes = INDEX_TAIL_BYTES
    while size_bytes > tail_bytes:
        (data,) = yield [Fetch(name, tail_bytes, size_bytes - tail_bytes)]
        if data is None:
            return None
        needed = index_bytes(data)
        if needed <= len(data):
            return data
        if needed <= tail_bytes or needed > size_bytes:
            raise PackCorrupt("the pack's index is larger than the pack")
        tail_bytes = needed
    (data,) = yield [Fetch(name, PACK_BYTES_MAX)]
    return data
