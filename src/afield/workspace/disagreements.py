"""What two people changed without knowing of each other, until somebody changes it again.

A write that was made with another one at hand replaces it; of two that were not, the later stands
in the tables, and both stand here. Nothing is decided: people are told who and when.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import msgspec

from afield.datasets.card import words_of
from afield.datasets.query import Version, versions
from afield.kernel.clock import stamp_to_ms
from afield.kernel.errors import AfieldError
from afield.kernel.ids import ObjectId
from afield.workspace.workspace import Workspace
from afield.workspace.writes import CARD, DELETED, FIELD, NOTED

_WRITES = 'SELECT about, field, device, seq, "at", member, value FROM writes'
_SHARED = "SELECT about FROM writes GROUP BY about HAVING COUNT(DISTINCT device) > 1"


@dataclass(frozen=True, slots=True)
class Side:
    """What one of them wrote: the words (None: cleared), who, and when in Unix milliseconds."""

    value: str | None
    member: str
    at_ms: int


@dataclass(frozen=True, slots=True)
class Disagreement:
    """A field that was changed on both sides.

    Attributes:
        about: a run's id, or the name of a dataset.
        field: `tag model`, `name`, `card residency`, `deleted`, `version`.
        sides: what stands first, then the others, the newest first.
    """

    about: str
    field: str
    sides: tuple[Side, ...]


@dataclass(frozen=True, slots=True)
class _Write:
    about: str
    field: str
    device: str
    seq: int
    at: int
    member: str
    value: str | None


def disagreements(workspace: Workspace, about: str | None = None) -> list[Disagreement]:
    """Return what is not agreed on, of one run or dataset or of all, as the tables are now."""
    knows = _Knowledge(workspace)
    where = f" WHERE about IN ({_SHARED})" if about is None else " WHERE about = ?"
    args = () if about is None else (about,)
    fields: dict[tuple[str, str], list[_Write]] = {}
    for row in workspace.query(f"{_WRITES}{where} ORDER BY about, field", args):
        fields.setdefault((row[0], row[1]), []).append(_Write(*row))
    found: list[Disagreement] = []
    for (subject, field), writes in fields.items():
        if field != NOTED:
            found += _apart(workspace, knows, subject, field, writes)
        gone = fields.get((subject, DELETED), [])
        if field == NOTED and gone:
            found += _noted_and_deleted(workspace, knows, subject, writes, gone)
    return [*found, *_versions(workspace, knows, about)]


def numbers_then(workspace: Workspace, name: str) -> dict[int, int]:
    """Return the number that each version of a dataset had where and when it was added.

    They differ from those of now for versions that two people added apart.
    """
    knows = _Knowledge(workspace)
    known = versions(workspace.projection, name, dropped=True)
    return {
        one.number: sum(knows.of(one.device, one.seq, each.device) >= each.seq for each in known)
        for one in known
    }


class _Knowledge:
    """What a device had of others' logs when it wrote an entry."""

    def __init__(self, workspace: Workspace) -> None:
        self._ask = workspace.query
        self._merged = cache(self._heads)  # of the moment: it goes with this object

    def of(self, device: str, seq: int, other: str) -> int:
        """Return the last entry of `other` that `device` had when it wrote its entry `seq`."""
        return seq if device == other else self._merged(device, seq).get(other, 0)

    def _heads(self, device: str, seq: int) -> dict[str, int]:
        sql = "SELECT heads FROM merges WHERE device = ? AND seq < ? ORDER BY seq DESC LIMIT 1"
        rows = self._ask(sql, (device, seq))
        return msgspec.json.decode(rows[0][0], type=dict[str, int]) if rows else {}

    def standing(self, writes: Iterable[_Write]) -> list[_Write]:
        """Return the writes that none of the others replaced knowingly, the newest first."""
        every = list(writes)
        left = [
            one
            for one in every
            if not any(
                other.device != one.device
                and self.of(other.device, other.seq, one.device) >= one.seq
                for other in every
            )
        ]
        return sorted(left, key=lambda one: (one.at, one.device, one.seq), reverse=True)


def _apart(
    workspace: Workspace, knows: _Knowledge, about: str, field: str, writes: Sequence[_Write]
) -> Iterator[Disagreement]:
    if len(writes) > 1:
        sides = [_side(workspace, one) for one in knows.standing(writes)]
        if len({side.value for side in sides}) > 1:
            yield Disagreement(about, field, tuple(sides))


def _noted_and_deleted(
    workspace: Workspace,
    knows: _Knowledge,
    about: str,
    notes: Sequence[_Write],
    gone: Sequence[_Write],
) -> Iterator[Disagreement]:
    """Yield a run that one deleted while another, not knowing, wrote a note on it."""
    last = max(gone, key=lambda one: (one.at, one.device, one.seq))
    if last.value != "yes":
        return
    for note in notes:
        if note.device != last.device and len(knows.standing([last, note])) > 1:
            deleted = Side("deleted", last.member, stamp_to_ms(last.at))
            yield Disagreement(about, DELETED, (deleted, _side(workspace, note)))


def _versions(workspace: Workspace, knows: _Knowledge, about: str | None) -> Iterator[Disagreement]:
    """Yield versions in a row that two added apart, while nobody has added one since."""
    by_name: dict[str, list[Version]] = {}
    for one in versions(workspace.projection, about, dropped=True):
        by_name.setdefault(one.name, []).append(one)
    for name, known in by_name.items():
        newest = known[-1]
        apart = [
            one
            for one in known[:-1]
            if one.tree != newest.tree and knows.of(newest.device, newest.seq, one.device) < one.seq
        ]
        if apart:
            sides = [Side(one.label, one.member, one.added_ms) for one in (newest, *apart[::-1])]
            yield Disagreement(name, "version", tuple(sides))


def _side(workspace: Workspace, write: _Write) -> Side:
    value = write.value
    words = (CARD, NOTED, FIELD)
    if value is not None and write.field.startswith(words) and _is_object(value):
        try:
            data = workspace.record.vault.get(ObjectId(value))
            value = words_of(data) if write.field.startswith(CARD) else data.decode()
        except (AfieldError, ValueError):
            value = "words that are not here"
    return Side(value, write.member, stamp_to_ms(write.at))


def _is_object(value: Any) -> bool:
    return isinstance(value, str) and len(value) == 64  # noqa: PLR2004 - hex digits of a digest
