"""Sweeping a workspace: what nothing live reaches is put away, rests, and is freed after a grace.

Joins `reach` (what is needed), the vault's `sweep` (how packs move) and the owners' names. A sweep
refuses when something live cannot be followed. It may be cut off anywhere: what it had put away and
not looked after is brought back by the next command that opens the workspace.
"""

from __future__ import annotations

import contextlib
import errno
import re
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field

from afield.kernel.errors import Busy, Refused
from afield.kernel.ids import DeviceId, ObjectId
from afield.runs.record import Record
from afield.sync.wanted import absent
from afield.vault.check import LOST
from afield.vault.layout import RECORD as RECORD_HEAD
from afield.vault.ledger import Ledger
from afield.vault.sweep import Candidate, Sweeping, Swept, with_parts
from afield.workspace import layout
from afield.workspace.errors import SweepBlind
from afield.workspace.held_back import anywhere_else
from afield.workspace.reach import Holding, Reach, holdings
from afield.workspace.rooms import rooms
from afield.workspace.storage import storage_of
from afield.workspace.swept import alone, note, settle, unsettled
from afield.workspace.workspace import Workspace

GRACE_MS = 14 * 24 * 3600 * 1000
ORPHAN = "orphan"
"""The kind of what belongs to nobody: bytes of work that was cut short."""

_NAME = re.compile(r"(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])")
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Share:
    """What goes of one owner's: a deleted run, a dropped version, nobody."""

    kind: str
    key: str
    label: str
    objects: int
    size_bytes: int


@dataclass(slots=True)
class Plan:
    """What a sweep does, or would do.

    Attributes:
        shares: what goes, by whose it was; the largest first.
        packs: the packs that it goes with.
        stays_bytes: what nobody needs and stays for now, in packs that are mostly needed.
        freed: packs that have rested long enough; their space comes free.
        rests: packs that go on resting.
        back: packs that rested and turned out to be needed.
        at_ms: when this sweep put packs away.
    """

    at_ms: int
    shares: list[Share] = field(default_factory=list)
    packs: list[Candidate] = field(default_factory=list)
    stays_bytes: int = 0
    freed: list[Swept] = field(default_factory=list)
    rests: list[Swept] = field(default_factory=list)
    back: list[Swept] = field(default_factory=list)

    @property
    def away_bytes(self) -> int:
        """What is put away: the bytes that nobody needs."""
        return sum(one.dead_bytes for one in self.packs)

    @property
    def freed_bytes(self) -> int:
        """What comes free at once."""
        return sum(one.size_bytes for one in self.freed)


def plan(workspace: Workspace, grace_ms: int = GRACE_MS) -> Plan:
    """Return what a sweep would do now; nothing is touched.

    Raises:
        SweepBlind: something that is needed cannot be followed.
    """
    workspace.refresh()
    return _plan(workspace, grace_ms, _held(workspace))[0]


def sweep(
    workspace: Workspace,
    grace_ms: int = GRACE_MS,
    progress: Progress = lambda _packs, _bytes: None,
) -> Plan:
    """Put away what nothing live reaches, and free what has rested for the grace.

    With a grace of 0 both at once. May be repeated whenever it was cut off.

    Raises:
        SweepBlind: something that is needed cannot be followed.
        Refused: the objects lie in a bucket.
        Busy: a sync or another sweep is under way.
        OSError: the disk is full or broken; nothing is lost, and the next sweep goes on.
    """
    storage = storage_of(workspace.record.files, workspace.record.workspace)
    if storage is not None:
        why = "others may rely on what lies in a bucket, and nobody here can see them"
        raise Refused("cannot sweep", storage.url, why)
    with alone(workspace.record):
        settle(workspace.record)
        workspace.refresh()
        sweeping = workspace.record.vault.sweeping()
        held = _held(workspace)
        back = sweeping.bring_back_what(lambda: absent(workspace.record.vault, held.names()))
        note(workspace.record, away=(), back=[one.pack for one in back])
        freed, _ = _rested(sweeping, workspace.record.now_ms() - grace_ms)
        sweeping.free(freed)
        found = _keep_rests(workspace, grace_ms, held, progress)
        found.freed += freed
        found.back += back
        _put_away(workspace, held, found, progress)
        if grace_ms <= 0:
            now_gone, _ = _rested(sweeping, found.at_ms)
            sweeping.free(now_gone)
            found.freed += now_gone
        return found


def undo(workspace: Workspace) -> list[Swept]:
    """Bring back all that still rests.

    Raises:
        Busy: a sync or another sweep is under way.
    """
    with alone(workspace.record):
        sweeping = workspace.record.vault.sweeping()
        found = sweeping.bring_back(sweeping.resting())
        note(workspace.record, away=(), back=[one.pack for one in found])
        workspace.record.files.remove(unsettled(workspace.record))
        return found


def bring_back(workspace: Workspace) -> list[Swept]:
    """Bring back what rests and is needed again, of runs that were restored, say.

    Nothing happens while a sync or a sweep is under way: each does so itself at its end.
    """
    if not workspace.record.vault.sweeping().resting():
        return []
    with contextlib.suppress(Busy), alone(workspace.record):
        return bring_back_needed(workspace)
    return []


def bring_back_needed(workspace: Workspace) -> list[Swept]:
    """Do so, for whoever keeps syncs and sweeps out."""
    sweeping = workspace.record.vault.sweeping()
    if not sweeping.resting():
        return []
    workspace.refresh()
    held = _held(workspace)
    found = sweeping.bring_back_what(lambda: absent(workspace.record.vault, held.names()))
    note(workspace.record, away=(), back=[one.pack for one in found])
    return found


def live_roots(workspace: Workspace) -> list[ObjectId]:
    """Return what entries name for all that is neither deleted nor dropped."""
    return _held(workspace).names()


@dataclass(frozen=True, slots=True)
class _Held:
    """What is needed and what is not, by owner."""

    live: frozenset[bytes]
    dead: tuple[Holding, ...]

    def names(self) -> list[ObjectId]:
        return [ObjectId(digest.hex()) for digest in self.live]


def _held(workspace: Workspace) -> _Held:
    """Return the roots of all that counts, of runs under way, and what machines are called."""
    record = workspace.record
    found = holdings(record, rooms(workspace.config.roots), workspace.query)
    live = {root for one in found if one.owner.live for root in one.roots}
    live.update(map(bytes.fromhex, _names_under_way(record)))
    return _Held(frozenset(live), tuple(one for one in found if not one.owner.live))


def _names_under_way(record: Record) -> Iterator[str]:
    """Yield what runs that have not ended have kept and no entry names yet."""
    files = record.files
    for run in files.list(record.live):
        folder = f"{record.live}/{run}"
        paths = [f"{folder}/{name}" for name in files.list(folder) if name.endswith(".json")]
        yield from _names_in(record, paths)
    cache = f"{record.workspace}/{layout.CACHE}"
    hosts = [f"{cache}/{name}" for name in files.list(cache) if name.startswith("host-")]
    yield from _names_in(record, hosts)


def _names_in(record: Record, paths: Iterable[str]) -> Iterator[str]:
    for path in paths:
        with contextlib.suppress(FileNotFoundError):  # the run has just ended: entries name it
            yield from _NAME.findall(record.files.read(path).decode("utf-8", "replace"))


def _plan(
    workspace: Workspace, grace_ms: int, held: _Held, stays: Collection[str] = frozenset()
) -> tuple[Plan, Ledger]:
    """Return what goes, by the records of the ledger; nothing of the packs in `stays` does."""
    record = workspace.record
    sweeping = record.vault.sweeping()
    now_ms = record.now_ms()
    found = Plan(now_ms)
    found.freed, found.rests = _rested(sweeping, now_ms - grace_ms)
    reach = Reach(record.vault)
    needed = bytearray(len(reach.ledger))
    for number in reach.records(held.live):
        needed[number] = 1
    _refuse_blind(workspace, reach, held.live)
    owners = _owners(reach, held.dead, needed)
    relied = sweeping.relied_on() | set(stays)
    after_ns = record.clock.wall_ns() - grace_ms * 1_000_000
    for pack, numbers in reach.ledger.records():
        if pack in relied:
            stay = list(numbers)
        elif sweeping.written_ns(pack) > after_ns:
            stay = [number for number in numbers if not needed[number] and number not in owners]
        else:
            continue
        for number in with_parts(reach.ledger, stay):
            needed[number] = 1
    found.packs = list(sweeping.candidates(reach.ledger, needed))
    found.shares = _shares(reach, found.packs, owners)
    gone = {number for one in found.packs for number in one.dead}
    found.stays_bytes = sum(
        RECORD_HEAD.size + reach.ledger.entry(number).stored_bytes
        for number in range(len(needed))
        if not needed[number] and number not in gone
    )
    return found, reach.ledger


def _owners(reach: Reach, dead: Iterable[Holding], needed: bytearray) -> dict[int, Holding]:
    """Return, by number, whose the records are that only deleted and dropped things need."""
    found: dict[int, Holding] = {}
    for holding in dead:
        for number in reach.records(holding.roots):
            if not needed[number]:
                found.setdefault(number, holding)
    return found


def _shares(reach: Reach, packs: Iterable[Candidate], owners: dict[int, Holding]) -> list[Share]:
    sums: dict[tuple[str, str, str], list[int]] = {}
    for one in packs:
        for number in one.dead:
            owner = owners[number].owner if number in owners else None
            name = (owner.kind, owner.key, owner.label) if owner else (ORPHAN, "", "")
            total = sums.setdefault(name, [0, 0])
            total[0] += 1
            total[1] += RECORD_HEAD.size + reach.ledger.entry(number).stored_bytes
    found = [Share(*name, objects, size_bytes) for name, (objects, size_bytes) in sums.items()]
    return sorted(found, key=lambda share: (-share.size_bytes, share.kind, share.label))


def _refuse_blind(workspace: Workspace, reach: Reach, live: frozenset[bytes]) -> None:
    """Refuse when something needed is damaged, or neither here nor known to be elsewhere.

    What devices that do not count say they need may be missing: anybody can say so. What a repair
    found to be lost may be missing too, unless it is what an entry names: that may list others.
    """
    if reach.lost.unread:
        digest, why = next(iter(reach.lost.unread.items()))
        raise SweepBlind("cannot sweep", digest.hex(), why, hint="afield repair")
    where = anywhere_else(workspace.record, workspace.projection)

    def harmless(digest: bytes) -> bool:
        place = where(digest)
        return place is not None and (place != LOST or digest not in live)

    if all(map(harmless, reach.lost.missing)):
        return
    counts = {DeviceId(device) for (device,) in workspace.query("SELECT id FROM devices")}
    counted = live & _named_by(workspace.record, counts | workspace.config.roots)
    again = Reach(workspace.record.vault)
    for _ in again.records(counted):
        pass
    lost = sorted(digest for digest in again.lost.missing if not harmless(digest))
    if lost:
        why = "it is needed and missing, and may list what is here"
        raise SweepBlind("cannot sweep", lost[0].hex(), why, hint="afield repair")


def _named_by(record: Record, devices: Collection[str]) -> set[bytes]:
    return {
        bytes.fromhex(ref)
        for batch in record.journal.read()
        if batch.device in devices
        for entry in batch.entries
        for ref in entry.refs
    }


def _rested(sweeping: Sweeping, until_ms: int) -> tuple[list[Swept], list[Swept]]:
    """Return the packs that have rested long enough, and the others."""
    resting = sweeping.resting()
    return (
        [one for one in resting if one.at_ms <= until_ms],
        [one for one in resting if one.at_ms > until_ms],
    )


def _keep_rests(workspace: Workspace, grace_ms: int, held: _Held, progress: Progress) -> Plan:
    """Plan a sweep, and write what is needed of packs that go in part into packs of their own.

    A pack that cannot be trusted, or for whose rest there is no room, stays with all that is in it.
    """
    sweeping = workspace.record.vault.sweeping()
    stays: set[str] = set()
    while True:
        found, ledger = _plan(workspace, grace_ms, held, stays)
        failed = set()
        for one in found.packs:
            if not one.whole:
                if not _keep_rest(sweeping, one, ledger):
                    failed.add(one.pack)
                progress(1, one.size_bytes)
        if not failed:
            return found
        stays |= failed


def _keep_rest(sweeping: Sweeping, one: Candidate, ledger: Ledger) -> bool:
    try:
        return sweeping.keep_rest(one, ledger) is not None
    except OSError as error:
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            return False
        raise


def _put_away(workspace: Workspace, held: _Held, found: Plan, progress: Progress) -> None:
    """Put packs away; those that somebody came to rely on meanwhile are back at the end."""
    record = workspace.record
    sweeping = record.vault.sweeping()
    if not found.packs:
        return
    record.files.write_new(unsettled(record), str(found.at_ms).encode())
    try:
        note(record, away=[one.pack for one in found.packs], back=())
        for one in found.packs:
            sweeping.put_away(one.pack, found.at_ms)
            if one.whole:
                progress(1, one.size_bytes)
    finally:
        _look_after(workspace, held, found)
    back = {one.pack for one in found.back}
    found.packs = [one for one in found.packs if one.pack not in back]


def _look_after(workspace: Workspace, held: _Held, found: Plan) -> None:
    """Bring back what others came to rely on while packs were put away.

    First those that a living process names, then what new entries name: whoever is in neither has
    not found it.
    """
    record = workspace.record
    sweeping = record.vault.sweeping()
    relied = sweeping.relied_on()
    back = sweeping.bring_back(
        [one for one in sweeping.resting() if one.at_ms == found.at_ms and one.pack in relied]
    )
    workspace.projection.refresh(record.journal)
    new = _held(workspace).live - held.live
    names = [ObjectId(digest.hex()) for digest in new]
    back += sweeping.bring_back_what(lambda: absent(record.vault, names))
    found.back += back
    note(record, away=(), back=[one.pack for one in back])
    record.files.remove(unsettled(record))
