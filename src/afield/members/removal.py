"""Which devices were removed and who may what, asked of the tables and logs; see `authority`.

What is worked out here decides what the tables hold: whoever gets another answer than they
were folded with folds them anew, once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from afield.journal import Journal
from afield.journal.entry import NO_PREV
from afield.journal.places import branch_start, device_of_log, is_branch
from afield.kernel.ids import DeviceId, MemberId
from afield.members.authority import Authority, judge
from afield.members.claims import Claim, claims
from afield.members.events import DEVICE_REMOVED
from afield.members.trust import Cut
from afield.projection import Projection

_LATER = 1 << 62
_NEW = "new"


def authority(projection: Projection, journal: Journal, founder: DeviceId) -> Authority:
    """Return up to where removed devices count, and who held which roles when."""
    cuts: dict[tuple[DeviceId, str], Cut] = {}

    def cut_of(device: DeviceId, heads: list[tuple[int, str]]) -> Cut:
        key = device, repr(heads)
        if key not in cuts:
            cuts[key] = _cut(journal, device, heads)
        return cuts[key]

    return judge(claims(projection), founder, cut_of)


def may_remove(
    projection: Projection, founder: DeviceId, member: MemberId, device: DeviceId
) -> bool:
    """Tell whether a removal of a device that a member wrote now would be heeded."""
    known = claims(projection)
    own = projection.query("SELECT id FROM devices WHERE member = ? ORDER BY id", (member,))
    for (writer,) in own:
        body = {"heads": [[_LATER, _NEW]]}
        new = Claim(_LATER, writer, _LATER, _NEW, member, DEVICE_REMOVED, device, body)
        if device in judge([*known, new], founder, _known_up_to).removed:
            return True
    return False


def _known_up_to(device: DeviceId, heads: list[tuple[int, str]]) -> Cut:  # noqa: ARG001 - a `CutOf`
    return Cut(max((seq for seq, _ in heads), default=0))


def overruled(
    projection: Projection, removed: Mapping[DeviceId, Cut]
) -> list[tuple[DeviceId, DeviceId]]:
    """Return who removed whom in vain, since its own removal came first or was the founder's.

    Args:
        projection: the tables.
        removed: up to where removed devices count.
    """
    found = {
        (claim.device, DeviceId(claim.about))
        for claim in claims(projection)
        if claim.kind == DEVICE_REMOVED
        and claim.about not in removed
        and claim.device in removed
        and not removed[claim.device].holds(claim)
    }
    return sorted(found)


def heads_of(journal: Journal, device: DeviceId) -> list[tuple[int, str]]:
    """Return the last entries of a device's log and its branches, as they are here."""
    heads = journal.heads().items()
    return sorted((head.seq, head.digest) for log, head in heads if device_of_log(log) == device)


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
