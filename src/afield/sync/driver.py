"""The loop between the reconciler and the world: does what it asks, hands back the answers.

Only what cannot be reached is tried again, with a bound. Stopping anywhere is harmless.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from afield.kernel.errors import Damaged
from afield.sync.errors import RemoteFull, RemoteUnreachable
from afield.sync.layout import pack_name
from afield.sync.limits import (
    LISTED_MAX,
    PAUSES_S,
    PIECE_BYTES,
    PIECE_BYTES_MIN,
    PIECE_SHRINKS,
    SEND_BYTES,
    SHRINK_PAUSES_S,
    SLICE_BYTES,
    SLICE_SHRINKS,
    SLICES_IN_A_ROW,
)
from afield.sync.messages import (
    Answer,
    Ask,
    Cut,
    Fetch,
    Forget,
    Judge,
    Keep,
    Lacking,
    Lay,
    ListFolder,
    LookUp,
    Merged,
    Packs,
    Report,
    Send,
    Store,
    Unjudged,
)
from afield.sync.pace import Pace
from afield.sync.parts import parts
from afield.sync.reconcile import Reconciler
from afield.sync.replica import Replica
from afield.sync.stores.sliced import may_be_sliced, sliced
from afield.sync.stores.store import Item, RemoteStore

T = TypeVar("T")


class Stopped(Exception):
    """The sync was to stop here; what is done is done."""


def drive(
    machine: Reconciler,
    remote: RemoteStore,
    replica: Replica,
    pace: Pace,
    *,
    watch: Callable[[Report, str], None] = lambda _report, _label: None,
    go_on: Callable[[], bool] = lambda: True,
) -> Report:
    """Run a sync to its end; return what it did.

    Args:
        machine: decides.
        remote: the other side.
        replica: this side.
        pace: how fast.
        watch: told what was done so far and what comes next.
        go_on: asked before every action; False stops the sync.

    Raises:
        RemoteUnreachable: the remote broke off; the next sync goes on from there.
        Stopped: `go_on` said so.
    """
    report, doing = machine.job.report, ""

    def tell(size_bytes: int) -> None:
        report.under_way = size_bytes
        watch(report, doing)

    world = _World(remote, replica, pace, tell)
    waiting = deque(machine.begin())
    while waiting:
        if not go_on():
            raise Stopped
        action = waiting.popleft()
        doing = label(action.ask)
        tell(0)
        waiting.extend(machine.receive(Answer(action.number, world.do(action.ask))))
    return report


def label(ask: Ask) -> str:
    """Say for people what an action does."""
    match ask:
        case ListFolder() | LookUp() | Packs() | Unjudged() | Judge() | Lacking() | Forget():
            return "comparing"
        case Fetch() | Keep() | Lay():
            return "receiving"
        case Store() | Send() | Cut():
            return "sending"
        case Merged():
            return "recording what was merged"


class _World:
    """Does one action at a time."""

    def __init__(
        self, remote: RemoteStore, replica: Replica, pace: Pace, tell: Callable[[int], None]
    ) -> None:
        self._tell = tell
        self._remote = sliced(remote)
        self._replica = replica
        self._pace = pace
        self._sizes = SEND_BYTES
        self._slice_bytes: int | None = None

    def do(self, ask: Ask) -> Any:
        """Do an action; return its answer."""
        match ask:
            case ListFolder():
                return self._patiently(lambda: self._list(ask.prefix))
            case Fetch():
                return self._fetch(ask)
            case Store():
                return self._put(ask.name, ask.data, once=ask.once)
            case Send():
                return self._send(ask)
        return self._here(ask)

    def _here(self, ask: Ask) -> Any:
        """Do what is about the logs here."""
        here = self._replica
        match ask:
            case LookUp():
                return here.look_up(ask)
            case Lay():
                return here.lay(ask.device, ask.lines)
            case Merged():
                return here.merged(ask)
            case Cut():
                return here.cut(ask)
        return self._packs_here(ask)

    def _packs_here(self, ask: Ask) -> Any:
        """Do what is about the packs here."""
        here = self._replica
        match ask:
            case Packs():
                return here.packs()
            case Judge():
                return here.judge(ask)
            case Unjudged():
                return here.unjudged(ask)
            case Lacking():
                return here.lacking(ask.packs)
            case Keep():
                return here.keep(ask)
            case Forget():
                return here.forget(ask.pack)
        raise AssertionError(f"nobody does {ask!r}")

    def _list(self, prefix: str) -> tuple[Item, ...]:
        found: list[Item] = []
        for item in self._remote.list(prefix):
            if len(found) == LISTED_MAX:
                break
            found.append(item)
        return tuple(found)

    def _fetch(self, ask: Fetch) -> bytes | None:
        """Read a file, no more of it than it may be large; None when it is absent.

        What has come stays when the link breaks off: the rest is asked for in smaller pieces.
        """
        found: list[bytes] = []
        done, end = 0, ask.size_bytes + 1
        most = piece = self._pace.piece_bytes(end)
        began_s = self._pace.now_s()
        pauses = iter(SHRINK_PAUSES_S)
        while done < end:
            size_bytes = min(piece, end - done)
            try:
                part = self._remote.get(ask.name, ask.offset + done, size_bytes)
            except FileNotFoundError:
                return None
            except RemoteUnreachable:
                pause_s = next(pauses, None)
                if pause_s is None:
                    raise
                self._pace.pause(pause_s)
                piece = max(PIECE_BYTES_MIN, size_bytes // PIECE_SHRINKS)
                continue
            self._pace.spend(len(part))
            found.append(part)
            done += len(part)
            self._tell(done)
            if len(part) < size_bytes:
                break
            pauses = iter(SHRINK_PAUSES_S)
            piece = min(piece * 2, most)
        self._pace.took(done, self._pace.now_s() - began_s)
        return b"".join(found)

    def _put(self, name: str, data: bytes, *, once: bool) -> None:
        """Write a file: whole while the link holds for that, else in slices."""
        least, most = SLICE_BYTES
        if self._slice_bytes is None or len(data) <= least or not may_be_sliced(name):
            try:
                return self._patiently(lambda: self._store(name, data, once=once))
            except RemoteFull:
                raise
            except RemoteUnreachable:
                if len(data) <= least or not may_be_sliced(name):
                    raise
                self._slice_bytes = most
        return self._put_slices(name, data, self._slice_bytes, once=once)

    def _put_slices(self, name: str, data: bytes, size_bytes: int, *, once: bool) -> None:
        """Write a file in slices, of `size_bytes` at first; what came of it before stays."""
        there = self._remote
        at = self._patiently(lambda: there.begin(name, len(data), replace=not once))
        pauses, good = iter(SHRINK_PAUSES_S), 0
        while at < len(data):
            part = data[at : at + size_bytes]
            self._pace.spend(len(part))
            try:
                there.put_slice(name, at, part, len(data))
            except RemoteFull:
                raise
            except RemoteUnreachable:
                pause_s = next(pauses, None)
                if pause_s is None:
                    raise
                self._pace.pause(pause_s)
                size_bytes, good = max(SLICE_BYTES[0], size_bytes // SLICE_SHRINKS), 0
                continue
            at += len(part)
            self._tell(at)
            pauses, good = iter(SHRINK_PAUSES_S), good + 1
            if good % SLICES_IN_A_ROW == 0:
                size_bytes = min(2 * size_bytes, SLICE_BYTES[1])
        self._slice_bytes = size_bytes

    def _store(self, name: str, data: bytes, *, once: bool) -> None:
        for start in range(0, len(data) if self._pace.limits() else 0, PIECE_BYTES):
            self._pace.spend(min(PIECE_BYTES, len(data) - start))
            self._tell(start)
        if once:
            self._remote.put_if_absent(name, data)
        else:
            self._remote.put(name, data)

    def _send(self, ask: Send) -> int | str:
        """Send what of a pack is not there; in ever smaller parts where the link breaks off."""
        there, sent = set(ask.there), 0
        while True:
            try:
                found = self._replica.pack(ask.pack, there)
            except Damaged as error:
                return error.message
            if found is None or ask.dry:
                return sent if found is None else len(found[1])
            try:
                for name, data in self._cut(*found):
                    self._send_one(pack_name(ask.role, name), data)
                    sent += len(data)
                    if name != ask.pack:
                        self._replica.sent(name, data)
                        there.add(name)
            except RemoteFull:
                raise
            except RemoteUnreachable:
                if len(found[1]) <= SEND_BYTES[-1] or len(self._sizes) == 1:
                    raise
                self._sizes = self._sizes[1:]
            else:
                return sent

    def _cut(self, name: str, data: bytes) -> Iterable[tuple[str, bytes]]:
        return [(name, data)] if len(data) <= self._sizes[0] else parts(data, self._sizes[0])

    def _send_one(self, name: str, data: bytes) -> None:
        """Send a pack or part: once while smaller ones can be made of it, else with patience."""
        smaller = len(self._sizes) > 1 and len(data) > SEND_BYTES[-1]
        if smaller and len(self._sizes) == len(SEND_BYTES):
            self._store(name, data, once=False)
        elif smaller:
            self._patiently(lambda: self._store(name, data, once=False))
        else:
            self._put(name, data, once=False)

    def _patiently(self, work: Callable[[], T]) -> T:
        """Try again what could not be reached, a few times."""
        for pause_s in PAUSES_S:
            try:
                return work()
            except RemoteUnreachable:
                self._pace.pause(pause_s)
        return work()
