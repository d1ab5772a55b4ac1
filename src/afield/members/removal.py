"""Which devices were removed, and up to where they count: worked out from the tables and logs.

Who removes must stand nearer to the founder than who is removed, by the chain of confirmations:
so two can never remove each other, and the founder's device cannot be removed. Entries that a
device wrote after it was removed itself remove nobody, as they do not count.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

from afield.journal import Journal
from afield.journal.entry import NO_PREV
from afield.journal.places import branch_start, device_of_log, is_branch
from afield.kernel.ids import DeviceId, MemberId
from afield.members.trust import Cut
from afield.projection import Projection

_REMOVALS = 'SELECT device, "by", heads FROM removals ORDER BY device, last, by_device, seq'


def removals(projection: Projection, journal: Journal, founder: DeviceId) -> dict[DeviceId, Cut]:
    """Return up to where removed devices count, as the tables are now.

    The tables depend on it in turn: whoever gets another answer than they were folded with
    folds them anew with it, until it stays. It does: it is right for the founder at once, then
    for those that the founder confirmed, and so on.
    """
    rows = projection.query(_REMOVALS)
    if not rows:
        return {}
    ranks = _ranks(projection, founder)
    found: dict[DeviceId, Cut] = {}
    for device, by, text in rows:
        if device in found or not _outranks(ranks, by, device):
            continue
        heads = [(int(seq), str(digest)) for seq, digest in json.loads(text)]
        found[DeviceId(device)] = _cut(journal, DeviceId(device), heads)
    return found


def may_remove(
    projection: Projection, founder: DeviceId, member: MemberId, device: DeviceId
) -> bool:
    """Tell whether a member may remove a device."""
    return _outranks(_ranks(projection, founder), member, device)


def _outranks(ranks: tuple[dict[str, int], dict[str, int]], by: str, device: str) -> bool:
    """Tell whether a member is nearer to the founder than a device, which may be unconfirmed."""
    above, below = ranks[1].get(by), ranks[0].get(device)
    return above is not None and (below is None or above < below)


def heads_of(journal: Journal, device: DeviceId) -> list[tuple[int, str]]:
    """Return the last entries of a device's log and its branches, as they are here."""
    heads = journal.heads().items()
    return sorted((head.seq, head.digest) for log, head in heads if device_of_log(log) == device)


def _ranks(projection: Projection, founder: DeviceId) -> tuple[dict[str, int], dict[str, int]]:
    """Return how many confirmations devices, and members, are away from the founder."""
    member_of = dict(projection.query("SELECT id, member FROM devices"))
    confirmed = projection.query('SELECT device, "by" FROM confirmations')
    of_device: dict[str, int] = {founder: 0}
    of_member: dict[str, int] = {}
    rank = 0
    waiting: set[str] = {founder}
    while waiting:
        for device in waiting:
            if device in member_of:
                of_member.setdefault(member_of[device], rank)
        rank += 1
        waiting = {
            device for device, by in confirmed if by in of_member and device not in of_device
        }
        of_device.update(dict.fromkeys(waiting, rank))
    return of_device, of_member


def _cut(journal: Journal, device: DeviceId, heads: Iterable[tuple[int, str]]) -> Cut:
    """Return what counts of a log: what leads to these heads."""
    ends = list(heads)
    last = max((seq for seq, _ in ends), default=0)
    if not any(is_branch(log) and device_of_log(log) == device for log in journal.heads()):
        return Cut(last)
    before = {digest: (seq, prev) for seq, digest, prev in _entries(journal, device)}
    known: set[str] = set()
    for _, digest in ends:
        at = digest
        while at != NO_PREV and at in before and at not in known:
            known.add(at)
            at = before[at][1]
    beside = (digest for digest, (seq, _) in before.items() if seq <= last)
    return Cut(last, frozenset(digest for digest in beside if digest not in known))


def _entries(journal: Journal, device: DeviceId) -> Iterator[tuple[int, str, str]]:
    for log in journal.heads():
        if device_of_log(log) == device:
            start = branch_start(log) if is_branch(log) else 1
            for each in journal.lines_after(log, start - 1):
                yield each.entry.seq, each.entry.digest, each.entry.prev
