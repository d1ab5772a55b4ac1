"""This side of a sync: does what the reconciler asks of the journal and the vault here.

A thin driver: no decision about the protocol. Bytes are durable before the entry that names
them, and only this device's own log gets entries that it made.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Collection, Container, Iterable
from typing import Protocol

from afield.journal import Draft, Journal
from afield.journal.carry import Carried, Tip
from afield.journal.entry import Entry
from afield.journal.places import LogName, branch_start, is_branch
from afield.journal.seals import KIND as SEALED
from afield.journal.seals import public_key
from afield.kernel.clock import COUNTER_BITS, Clock
from afield.kernel.errors import Damaged
from afield.kernel.ids import DeviceId, ObjectId
from afield.sync.chunk import encode_chunk
from afield.sync.elsewhere import Elsewhere
from afield.sync.events import SEEN
from afield.sync.job import Policy
from afield.sync.layout import DIGEST_CHARS, Piece
from afield.sync.limits import CHUNK_BYTES, CHUNK_BYTES_MAX, CLOCK_AHEAD_MAX_MS, RECENT_DAYS
from afield.sync.messages import Cut, Judge, Keep, LookUp, Merged, Unjudged
from afield.sync.wanted import absent
from afield.vault import Vault
from afield.vault.layout import DATA, DIGEST_BYTES, ENTRY, META
from afield.vault.packs import ROLES, index_block_of, without

_DAY_MS = 24 * 3600 * 1000


class Filter(Protocol):
    """Decides which objects may go to a remote; the datasets' labels, say."""

    def __call__(self, digest: bytes) -> bool:
        """Tell whether an object, or the part of one with this digest, may be sent."""
        ...


def send_all(digest: bytes) -> bool:  # noqa: ARG001 - a `Filter`
    """Let everything go."""
    return True


def going(digests: Iterable[bytes], may_send: Filter, lies_there: Filter) -> set[bytes]:
    """Return which objects of a pack go to a remote: those that may and are not there."""
    return {digest for digest in digests if may_send(digest) and not lies_there(digest)}


class Replica:
    """One copy of the record, for one sync.

    Args:
        journal: its logs.
        vault: its objects.
        elsewhere: what is known of the remote's packs.
        clock: bounds how far others' clocks are followed, and says what is recent.
        data: which bytes of files are wanted here.
        may_send: which objects may go to the remote; a pack that holds others, too, is sent
            without them.
        wanted: objects that are wanted whatever the policy says, with all that they name.
        swept: packs that were given up here: of these only what is needed again is wanted.
        needed: returns what all that counts names.
    """

    def __init__(
        self,
        journal: Journal,
        vault: Vault,
        elsewhere: Elsewhere,
        clock: Clock,
        *,
        data: Policy = "all",
        may_send: Filter = send_all,
        wanted: Collection[ObjectId] = (),
        swept: Container[str] = frozenset(),
        needed: Callable[[], Iterable[ObjectId]] = tuple,
    ) -> None:
        self._journal = journal
        self._vault = vault
        self._elsewhere = elsewhere
        self._clock = clock
        self._data = data
        self._may_send = may_send
        self._roots = wanted
        self._absent: set[bytes] | None = None
        self._swept = swept
        self._needed = needed
        self._needed_absent: set[bytes] | None = None
        self._held: set[tuple[DeviceId, int, str]] = set()
        self._tops: dict[DeviceId, int] = {}

    def look_up(self, ask: LookUp) -> list[bool]:
        """Tell which entries are here."""
        if ask.log is None:
            return [self._holds(*each) for each in ask.entries]
        found = []
        for _, seq, digest in ask.entries:
            entry = self._journal.entry_at(ask.log, seq)
            found.append(entry is not None and entry.digest.startswith(digest))
        return found

    def lay(self, device: DeviceId, lines: Iterable[Carried]) -> list[Entry]:
        """Put checked lines into the journal; return those that were new."""
        self._absent = self._needed_absent = None
        new = self._journal.lay(device, list(lines))
        if new:
            self._hold(device, new[-1].seq, new[-1].digest)
        return new

    def _holds(self, device: DeviceId, seq: int, digest: str) -> bool:
        """Tell whether an entry is here; most that are asked for are the end of a log."""
        if not self._held:
            for tip in self._journal.tips():
                self._hold(tip.device, tip.seq, tip.digest)
        name = (device, seq, digest[:DIGEST_CHARS])
        may_be = name not in self._held and seq <= self._tops.get(device, 0)
        if may_be and self._journal.holds(device, seq, digest):
            self._held.add(name)
        return name in self._held

    def _hold(self, device: DeviceId, seq: int, digest: str) -> None:
        self._held.add((device, seq, digest[:DIGEST_CHARS]))
        self._tops[device] = max(seq, self._tops.get(device, 0))

    def merged(self, ask: Merged) -> list[Tip]:
        """Record what was merged, if it is news, and sign this device's log."""
        if ask.dry:
            return self._journal.tips()
        if ask.news:
            own = self._journal.device
            heads = {
                log: [head.seq, head.digest]
                for log, head in self._journal.heads().items()
                if log != LogName(own)
            }
            ahead = self._clock.wall_ns() // 1_000_000 + CLOCK_AHEAD_MAX_MS
            after = ask.latest if ask.latest >> COUNTER_BITS <= ahead else 0
            self._journal.append_many([Draft(SEEN, own, {"heads": heads})], after=after)
        self._journal.seal()
        self._journal.sync()
        return self._journal.tips()

    def cut(self, ask: Cut) -> tuple[Piece, bytes] | None:
        """Take the next lines of a log, up to a seal; None when they are damaged here."""
        log = ask.tip.log
        after = max(ask.after, branch_start(log) - 1) if is_branch(log) else ask.after
        lines: list[Carried] = []
        whole, size_bytes, whole_bytes = 0, 0, 0
        for each in self._journal.lines_after(log, after):
            lines.append(each)
            size_bytes += len(each.line)
            if each.entry.kind == SEALED:
                whole, whole_bytes = len(lines), size_bytes
            if each.entry.seq == (ask.until or ask.tip.seq) or size_bytes > CHUNK_BYTES_MAX:
                break
            if ask.until is None and whole_bytes >= CHUNK_BYTES:
                break
        key = self._key_of(ask.tip.device)
        if not whole or key is None:
            return None
        return encode_chunk(key, lines[:whole])

    def packs(self) -> dict[str, tuple[str, int]]:
        """Return the packs here: role and size in bytes by name."""
        packs = self._vault.packs
        return {
            pack: (ROLES[META if packs.is_meta(pack) else DATA], packs.size(pack))
            for pack in packs.names()
        }

    def pack(self, pack: str, there: Collection[str]) -> tuple[str, bytes] | None:
        """Return what of a pack may be sent and is not there, and its name; None when nothing is.

        Other packs of the remote may hold some of it: parts, after a link that broke off.

        Raises:
            ObjectDamaged: its bytes are not what it is named after.
        """
        digests = self._vault.packs.digests(pack)
        goes = going(digests, self._may_send, lambda digest: self._lies_in(there, digest))
        if not goes:
            return None
        if len(goes) == len(digests):
            return pack, self._vault.packs.read(pack)
        made = without(self._vault.packs.read(pack), lambda digest: digest not in goes)
        return None if made is None or made[0] in there else made

    def _lies_in(self, there: Collection[str], digest: bytes) -> bool:
        """Tell whether a pack of the remote that is not here holds an object."""
        return any(pack in there for pack in self._elsewhere.holders(digest))

    def sent(self, pack: str, data: bytes) -> None:
        """Remember what was sent of a pack, as one of its own."""
        self._elsewhere.keep(pack, len(data), index_block_of(data))

    def judge(self, ask: Judge) -> bool:
        """Tell whether anything in a pack of the remote is wanted here; remember its index."""
        self._elsewhere.keep(ask.pack, ask.size_bytes, ask.index)
        starts = range(0, len(ask.index), ENTRY.size)
        digests = [ask.index[at : at + DIGEST_BYTES] for at in starts]
        return self._wants(ask.pack, ask.role, digests)

    def unjudged(self, ask: Unjudged) -> list[str]:
        """Return the packs whose index is not known, and those in which something is wanted."""
        known = set(self._elsewhere.packs())
        self._absent = self._needed_absent = None
        return [
            pack
            for pack in ask.packs
            if pack not in known
            or (not ask.new and self._wants(pack, ask.role, self._elsewhere.digests(pack)))
        ]

    def keep(self, ask: Keep) -> str | None:
        """Keep a pack; return why it cannot be, when it is damaged."""
        try:
            self._vault.packs.keep(ask.pack, ask.data)
        except Damaged as error:
            self._elsewhere.forget(ask.pack)
            return error.message
        self._elsewhere.forget(ask.pack)
        return None

    def forget(self, pack: str) -> None:
        """Forget what is known of a pack of the remote."""
        self._elsewhere.forget(pack)

    def lacking(self, packs: Iterable[str]) -> list[str]:
        """Return the packs of the remote in which something not given up is that is not here."""
        known = self._vault.packs.known
        return [
            pack
            for pack in packs
            if pack not in self._swept
            and not all(known(digest) for digest in self._elsewhere.digests(pack))
        ]

    def _wants(self, pack: str, role: str, digests: Iterable[bytes]) -> bool:
        if pack in self._swept:
            if self._needed_absent is None:
                self._needed_absent = absent(self._vault, [*self._roots, *self._needed()])
            return not self._needed_absent.isdisjoint(digests)
        if role == ROLES[META] or self._data == "all":
            known = self._vault.packs.known
            return any(not known(digest) for digest in digests)
        if self._absent is None:
            self._absent = absent(self._vault, self._named())
        return not self._absent.isdisjoint(digests)

    def _named(self) -> Iterable[ObjectId]:
        """Yield what the policy wants: nothing, or what recent entries name."""
        yield from self._roots
        if self._data == "recent":
            since_ms = self._clock.wall_ns() // 1_000_000 - RECENT_DAYS * _DAY_MS
            for batch in self._journal.read():
                for entry in batch.entries:
                    if entry.at >> COUNTER_BITS >= since_ms:
                        yield from entry.refs

    def _key_of(self, device: DeviceId) -> bytes | None:
        with contextlib.suppress(StopIteration):
            first = next(self._journal.lines_after(LogName(device), 0)).entry
            return public_key(first)
        return None
