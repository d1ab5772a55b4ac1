"""From entries to pending writes: the gate, the folds, and what is set aside.

The one place where an entry is judged. Nothing here depends on when an entry comes.
"""

from __future__ import annotations

from collections.abc import Sequence

from afield.journal.entry import Entry
from afield.projection import bookkeeping
from afield.projection.database import Database
from afield.projection.gate import WAITS, Gate
from afield.projection.ops import stamp, stamp_prefix
from afield.projection.pending import Pending
from afield.projection.schema import Fold, Room, Table


class Folder:
    """Folds entries of one projection, chunk by chunk; lives as long as one refresh."""

    def __init__(self, rooms: Sequence[Room], tables: Sequence[Table]) -> None:
        gates = [room.gate for room in rooms if room.gate is not None]
        assert len(gates) <= 1, "two rooms bring a gate"
        self._gate: Gate | None = gates[0] if gates else None
        self._folds: dict[str, tuple[Fold, ...]] = {}
        for room in rooms:
            for kind, fold in room.folds.items():
                self._folds[kind] = (*self._folds.get(kind, ()), fold)
        self._claims: dict[str, Fold] = {}
        for room in rooms:
            self._claims |= room.claims
        self._early = self._claims.keys() | (self._gate.kinds if self._gate else frozenset())
        self._free = self._gate.free if self._gate else frozenset()
        self._pending = Pending(tables)
        self._prefixes: dict[str, bytes] = {}
        self._standings: dict[str, set[str]] | None = None
        self._last: dict[str, int] = {}

    @property
    def pending(self) -> int:
        """How many registers wait to be written."""
        return len(self._pending)

    def fold(self, database: Database, entries: Sequence[Entry]) -> int:
        """Judge and fold entries, inside a transaction; return how many were handed in."""
        early = [entry for entry in entries if entry.kind in self._early]
        for entry in early:
            if entry.kind in self._claims:
                self._fold_one(entry, (self._claims[entry.kind],))
        judged = [*entries, *self._introduce(database, early)]
        refused: list[tuple[Entry, str]] = []
        last, free = self._last, self._free
        for entry in judged:
            folds = self._folds.get(entry.kind)
            if folds is None:
                continue
            if entry.at > last.get(entry.by, -1) and entry.kind not in free:
                last[entry.by] = entry.at
            why = self._refusal(entry) or self._fold_one(entry, folds)
            if why is not None:
                refused.append((entry, why))
        if refused:
            bookkeeping.set_aside(database, refused)
        return len(entries)

    def write(self, database: Database) -> None:
        """Write what is pending; the transaction may end after that."""
        self._pending.write(database)
        bookkeeping.write_authors(database, self._last)
        self._last.clear()
        self._standings = None  # another process may add some before the next transaction

    def _introduce(self, database: Database, early: Sequence[Entry]) -> list[Entry]:
        """Learn the standings that some entries give; return entries that waited for them."""
        gate = self._gate
        if gate is None:
            return []
        if self._standings is None:
            self._standings = bookkeeping.read_standings(database)
        waited: list[Entry] = []
        asked = [entry for entry in early if entry.kind in gate.kinds]
        grown = bool(asked)
        while grown:  # a device that is confirmed may have confirmed others
            grown = False
            for entry in tuple(asked):
                granted = gate.grants(entry)
                if granted is None or not (gate.founds(entry) or self._refusal(entry) is None):
                    continue
                device, standing = granted
                if standing in self._standings.setdefault(device, set()):
                    continue
                self._standings[device].add(standing)
                bookkeeping.write_standing(database, device, standing)
                released = bookkeeping.take_waiting(database, device)
                waited += released
                asked += [each for each in released if each.kind in gate.kinds]
                grown = True
        return waited

    def _refusal(self, entry: Entry) -> str | None:
        if self._gate is None:
            return None
        assert self._standings is not None
        standings = self._standings.get(entry.device)
        return self._gate.refusal(entry, standings) if standings else WAITS

    def _fold_one(self, entry: Entry, folds: tuple[Fold, ...]) -> str | None:
        """Collect the operations of one entry; return why it cannot be folded, if so."""
        try:
            order = stamp(entry.at, self._prefix(entry.device), entry.seq, entry.digest)
            if len(folds) == 1:
                self._pending.add(order, folds[0](entry))
            else:
                self._pending.add(order, [op for fold in folds for op in fold(entry)])
        except AssertionError:
            raise
        except Exception as error:  # noqa: BLE001 - one faulty entry must not stop all others
            return f"it cannot be folded ({type(error).__name__})"
        return None

    def _prefix(self, device: str) -> bytes:
        found = self._prefixes.get(device)
        if found is None:
            found = self._prefixes[device] = stamp_prefix(device)
        return found
