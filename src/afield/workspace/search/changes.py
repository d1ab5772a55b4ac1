"""What the index was derived from, and what has changed since: told by the journal and the packs.

Nothing is indexed here.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping

from afield.journal.entry import Entry
from afield.journal.errors import PositionLost
from afield.journal.places import LogName, Position
from afield.members.claims import KINDS as STANDINGS
from afield.projection import Source
from afield.workspace.search.sources import SOURCES
from afield.workspace.workspace import Workspace

_POSITIONS, _DAMAGE, _PACKS = "positions", "damage", "packs"
Changed = dict[str, set[str] | None]
"""By source: what its new entries are about; None: everything is to be compared."""


def state_of(workspace: Workspace) -> dict[str, str]:
    """Return what an index is derived from: how far the logs are folded, damage, and the packs."""
    tables = workspace.projection
    positions = {log: list(each) for log, each in sorted(tables.positions().items())}
    damage = sorted(f"{one.what} {one.name} {one.why}" for one in tables.damage())
    return {
        _POSITIONS: json.dumps(positions),
        _DAMAGE: json.dumps(damage),
        _PACKS: " ".join(workspace.record.vault.packs.names()),
    }


def is_at(state: Mapping[str, str], now: Mapping[str, str]) -> bool:
    """Tell whether an index of a state is up to date."""
    return now.items() <= state.items()


def packs_moved(before: Mapping[str, str], now: Mapping[str, str]) -> tuple[bool, bool]:
    """Tell whether packs are gone since, and whether some have come."""
    old, new = set(before.get(_PACKS, "").split()), set(now[_PACKS].split())
    return bool(old - new), bool(new - old)


def changes(journal: Source, before: Mapping[str, str], now: Mapping[str, str]) -> Changed:
    """Return what entries since then are about.

    After entries that say whose entries count, after damage that has come or was mended, and
    where the logs are not those of before: everything.
    """
    everything: Changed = {source.name: None for source in SOURCES}
    if _POSITIONS not in before or before[_DAMAGE] != now[_DAMAGE]:
        return everything
    since, reached = _positions(before[_POSITIONS]), _positions(now[_POSITIONS])
    if any(log not in reached or reached[log].seq < at.seq for log, at in since.items()):
        return everything
    changed: Changed = {}
    try:
        for batch in journal.read(since):
            if any(entry.kind in STANDINGS for entry in batch.entries):
                return everything
            _collect(batch.entries, changed)
    except PositionLost:
        return everything
    return changed


def note_change(changed: Changed, source: str, about: str) -> None:
    """Have what is about something looked at, too."""
    abouts = changed.setdefault(source, set())
    if abouts is not None:
        abouts.add(about)


def _collect(entries: Iterable[Entry], changed: Changed) -> None:
    for entry in entries:
        for source in SOURCES:
            if entry.kind in source.wide:
                changed[source.name] = None
            elif entry.kind in source.kinds:
                note_change(changed, source.name, entry.about)


def _positions(text: str) -> dict[LogName, Position]:
    return {LogName(log): Position(*each) for log, each in json.loads(text).items()}
