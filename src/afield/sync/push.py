"""Giving to a remote: packs, then the logs that name what is in them, then this device's head.

Generators of what to ask; pure. Nothing is overwritten but the head; half the work is bytes
that nobody names yet.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from afield.journal.carry import Tip
from afield.kernel.ids import DeviceId
from afield.sync import layout
from afield.sync.job import Job, Steps
from afield.sync.layout import DIGEST_CHARS, Head
from afield.sync.limits import BAD_NAMES_MAX
from afield.sync.messages import Cut, ListFolder, LookUp, Packs, Send, Store
from afield.sync.stores.store import Item


def push_packs(job: Job, there: Mapping[str, Mapping[str, int]], bad: Collection[str]) -> Steps:
    """Send the packs that the remote lacks: data first, then the metadata that names it.

    Args:
        job: the sync.
        there: by role, the packs at the remote with their sizes.
        bad: names of files that others found damaged.
    """
    (here,) = yield [Packs()]
    for role in ("data", "meta"):
        if role == "data" and job.data == "none":
            continue
        listed = frozenset(pack for pack in there[role] if layout.pack_name(role, pack) not in bad)
        goes = []
        for pack, (of, size_bytes) in sorted(here.items()):
            whole = there[role].get(pack) == size_bytes  # else it broke off
            if of == role and not (whole and layout.pack_name(role, pack) not in bad):
                goes.append(pack)
        job.report.ahead = len(goes)
        job.report.ahead_bytes = sum(here[pack][1] for pack in goes)
        for pack in goes:
            (sent,) = yield [Send(pack, role, listed, job.dry)]
            job.report.ahead -= 1
            job.report.ahead_bytes -= here[pack][1]
            if isinstance(sent, str):
                job.report.damaged.append(pack)
            elif sent:
                job.report.packs_out += 1
                job.report.bytes_out += sent


def push_logs(
    job: Job, tips: Sequence[Tip], own: Head | None, lacking: Collection[DeviceId]
) -> Steps:
    """Put what the remote lacks of each log; return the tips that are there after that.

    What this device vouched for before is looked at again where others lack it.
    """
    vouched = set(own.tips) if own is not None and not job.anew else set()
    done = []
    folders: dict[DeviceId, list[layout.Piece]] = {}
    for tip in tips:
        named = (tip.device, tip.seq, tip.digest)
        if named not in vouched or tip.device in lacking:
            if tip.device not in folders:
                (listed,) = yield [ListFolder(layout.log_folder(tip.device))]
                folders[tip.device] = _pieces(tip.device, listed)
            if not (yield from _push_log(job, tip, folders[tip.device])):
                continue
        done.append(named)
    return tuple(sorted(done))


def _pieces(device: DeviceId, listed: Iterable[Item]) -> list[layout.Piece]:
    return list(filter(None, (layout.piece_of(device, item.name) for item in listed)))


def _push_log(job: Job, tip: Tip, pieces: list[layout.Piece]) -> Steps:
    """Put the chunks from the furthest point that the remote can be read to, up to the tip."""
    reached = _reachable(pieces)
    ends = sorted({(seq, end) for seq, end in reached if seq <= tip.seq}, reverse=True)
    (held,) = yield [LookUp([(tip.device, seq, end) for seq, end in ends], tip.log)]
    after = next((end[0] for end, here in zip(ends, held, strict=True) if here), 0)
    if job.dry:
        job.report.entries_out += tip.seq - after
        return True
    while after < tip.seq:
        (cut,) = yield [Cut(tip, after)]
        if cut is None:  # the log is damaged before its tip: `verify` names it
            return False
        piece, data = cut
        yield [Store(piece.name, data, once=True)]
        job.report.entries_out += piece.last - piece.first + 1
        job.report.bytes_out += len(data)
        after = piece.last
    return True


def mend(job: Job, tips: Sequence[Tip], bad: Collection[str]) -> Steps:
    """Write again the chunks that others found damaged and that are whole here."""
    for name in [] if job.dry else sorted(bad):
        device = layout.log_device(name)
        piece = None if device is None else layout.piece_of(device, name)
        for tip in tips:
            if piece is None or tip.device != piece.device or piece.last > tip.seq:
                continue
            (cut,) = yield [Cut(tip, piece.first - 1, piece.last)]
            if cut is not None and cut[0] == piece:
                yield [Store(name, cut[1])]
                job.report.bytes_out += len(cut[1])
                break


def _reachable(pieces: Iterable[layout.Piece]) -> set[tuple[int, str]]:
    """Return the ends of chunks that others lead to without a gap from the first entry."""
    found = {(0, "0" * DIGEST_CHARS)}
    for piece in sorted(pieces, key=lambda piece: (piece.first, piece.last)):
        if (piece.first - 1, piece.before) in found:
            found.add((piece.last, piece.end))
    return found - {(0, "0" * DIGEST_CHARS)}


def push_head(job: Job, tips: tuple[tuple[DeviceId, int, str], ...], own: Head | None) -> Steps:
    """Replace this device's head when it would say something else."""
    bad = tuple(sorted({name for name, _ in job.report.faults}))[:BAD_NAMES_MAX]
    lacks = tuple(sorted(job.report.lacks))
    if job.dry or (own is not None and (own.tips, own.bad, own.lacks) == (tips, bad, lacks)):
        return
    head = Head(
        workspace=job.workspace,
        device=job.device,
        public_key=job.key.public.hex(),
        tips=tips,
        bad=bad,
        lacks=lacks,
    )
    data = layout.encode_head(head, job.key)
    yield [Store(layout.head_name(job.device), data)]
    job.report.bytes_out += len(data)
