"""What all layers saw of one run, joined: one trace, one list of changed files, who saw what.

Nothing here looks at a file, and nothing is judged: what one layer tells stands beside what
another does.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import chain

import msgspec

from afield.runs.capture.layers.layer import Seen
from afield.runs.capture.trace import FolderRead, Link, Open, Rename, Trace, collect


class Sighted(msgspec.Struct, frozen=True, kw_only=True):
    """All that was seen of one run.

    Attributes:
        trace: the events of all layers, in the order of time.
        changed: files found changed at the end, each with the name of the layer that found it.
        layers: the names of those that were at work, in the order of the registry.
        complete: whether one of them saw every file that was opened.
        warnings: what goes on the record.
        covers: libraries whose own reads were seen.
        unseen: libraries whose own reads were not.
        sights: of each path, who saw it and the first line known; only where two layers tell.
        otherwise: who saw a path that `sights` does not have.
    """

    trace: Trace = msgspec.field(default_factory=Trace)
    changed: Mapping[str, str] = {}
    layers: tuple[str, ...] = ()
    complete: bool = False
    warnings: tuple[str, ...] = ()
    covers: frozenset[str] = frozenset()
    unseen: tuple[str, ...] = ()
    sights: Mapping[str, tuple[str, str | None]] = {}
    otherwise: str = ""

    def seen_by(self, event: Open | FolderRead) -> str:
        """Return the names of the layers that saw a path opened, set apart by `+`."""
        found = self.sights.get(event.path)
        return self.otherwise if found is None else found[0]

    def where(self, event: Open | FolderRead) -> str | None:
        """Return the line of code that opened a path, told by whichever layer knows it."""
        if event.where is None and (found := self.sights.get(event.path)) is not None:
            return found[1]
        return event.where


def merge(seen: Mapping[str, Seen]) -> Sighted:
    """Join what the layers saw, given by their names in the order of the registry."""
    telling = {name: one for name, one in seen.items() if one.events}
    complete = any(one.complete for one in seen.values())
    changed: dict[str, str] = {}
    warnings: list[str] = []
    for name, one in seen.items():
        for path in one.changed:
            changed.setdefault(path, name)
        warnings += one.warnings
        if not complete:
            warnings += one.blind
    return Sighted(
        trace=collect(chain.from_iterable(one.events for one in telling.values())),
        changed=changed,
        layers=tuple(name for name, one in seen.items() if one.active),
        complete=complete,
        warnings=tuple(warnings),
        covers=frozenset[str]().union(*(one.covers for one in seen.values())),
        unseen=tuple(dict.fromkeys(chain.from_iterable(one.unseen for one in seen.values()))),
        sights=_sights(telling) if len(telling) > 1 else {},
        otherwise=next(reversed(telling), ""),
    )


def _sights(telling: Mapping[str, Seen]) -> dict[str, tuple[str, str | None]]:
    names: dict[str, list[str]] = {}
    lines: dict[str, str] = {}
    for name, one in telling.items():
        for event in one.events:
            if not isinstance(event, Open | FolderRead | Rename | Link):
                continue
            path = event.target if isinstance(event, Rename | Link) else event.path
            who = names.setdefault(path, [])
            if not who or who[-1] != name:
                who.append(name)
            if event.where is not None:
                lines.setdefault(path, event.where)
    return {path: ("+".join(who), lines.get(path)) for path, who in names.items()}
