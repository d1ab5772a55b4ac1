"""What takes the space: by run, dataset, project or kind; what is shared, and what is saved.

Counted from the indexes of the packs and what entries, trees and recipes name: content is not
read. Bytes that only one thing holds are what would come free without it.
"""

from __future__ import annotations

import os
from array import array
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from afield.projection.owners import Owner
from afield.vault.layout import RECORD as RECORD_HEAD
from afield.vault.ledger import Ledger
from afield.vault.limits import CHUNK_BYTES
from afield.workspace import layout
from afield.workspace.quarantine import FOLDER as QUARANTINE
from afield.workspace.reach import Reach, holdings
from afield.workspace.rooms import rooms
from afield.workspace.workspace import Workspace

By = Literal["item", "run", "dataset", "kind", "project"]
NOBODY = "nobody"
"""The kind of what no entry needs: left by work that was cut short, or what was dropped."""

_SHARED = -1
_PARTED = frozenset({"runs", "datasets"})
_KINDS = {
    "run": "runs",
    "model": "runs",
    "file": "runs",
    "registered": "registered models",
    "version": "datasets",
    "card": "datasets",
    "record": "people and devices",
}


@dataclass(slots=True)
class Use:
    """What one thing takes.

    Attributes:
        kind: `run`, `dataset`, `project`, `kind`, `record` or `nobody`.
        key: the run's id, or the name.
        label: what people call it.
        live: it is neither deleted nor dropped, or something of it is not.
        objects: records in packs, shared ones too.
        apparent_bytes: of its files, each as large as it is.
        absent_bytes: what of that is not here: left at a remote, say.
        stored_bytes: what they take in packs, shared ones too.
        exclusive_bytes: what of that nothing else holds.
    """

    kind: str
    key: str
    label: str
    live: bool = False
    objects: int = 0
    apparent_bytes: int = 0
    stored_bytes: int = 0
    exclusive_bytes: int = 0
    absent_bytes: int = 0

    @property
    def shared_bytes(self) -> int:
        """What of the stored bytes other things hold, too."""
        return self.stored_bytes - self.exclusive_bytes


@dataclass(frozen=True, slots=True)
class Usage:
    """What a workspace takes.

    Attributes:
        uses: the largest first.
        objects: records in packs.
        apparent_bytes: of all files that anything holds, counted each time.
        absent_bytes: what of that is not here.
        content_bytes: of what is stored, before it was compressed.
        stored_bytes: of all records.
        folders: what else stands in the workspace, by name, and the packs' own files, in bytes.
        missing: objects that are not here.
    """

    uses: list[Use]
    objects: int
    apparent_bytes: int
    content_bytes: int
    stored_bytes: int
    folders: dict[str, int]
    missing: int
    absent_bytes: int = 0

    @property
    def deduplication(self) -> float:
        """How many times larger all files that are here are than what is kept of them."""
        here_bytes = self.apparent_bytes - self.absent_bytes
        return here_bytes / self.content_bytes if self.content_bytes else 1.0

    @property
    def compression(self) -> float:
        """How many times larger what is kept is than what it takes."""
        return self.content_bytes / self.stored_bytes if self.stored_bytes else 1.0


def usage(workspace: Workspace, by: By = "item") -> Usage:
    """Sum up what takes the space; `by` says what the rows are."""
    workspace.refresh()
    record = workspace.record
    found = holdings(record, rooms(workspace.config.roots), workspace.query)
    groups: dict[tuple[str, str], tuple[Use, list[bytes]]] = {}
    for each in found:
        kind, key, label = _group(each.owner, by)
        use, roots = groups.setdefault((kind, key), (Use(kind, key, label), []))
        use.live = use.live or each.owner.live
        roots += each.roots
    reach = Reach(record.vault)
    tally = _Tally(reach.ledger)
    for number, (use, roots) in enumerate(groups.values(), 1):
        before = reach.size_bytes, reach.absent_bytes
        tally.add(number, use, reach.records(roots))
        use.apparent_bytes = reach.size_bytes - before[0]
        use.absent_bytes = reach.absent_bytes - before[1]
    uses = [use for use, _ in groups.values()]
    tally.finish(uses)
    apparent = sum(use.apparent_bytes for use in uses)
    nobody = tally.nobody()
    if nobody.objects:
        uses.append(nobody)
    uses.sort(key=lambda use: (-use.stored_bytes, use.kind, use.label))
    return Usage(
        uses,
        len(reach.ledger),
        apparent,
        tally.content_bytes,
        tally.stored_bytes,
        _folders(record.workspace),
        len(reach.lost.missing),
        sum(use.absent_bytes for use in uses),
    )


class _Tally:
    """Sums over records: for each, who holds it, in four bytes."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._holder = array("i", bytes(4 * len(ledger)))
        self._seen = array("I", bytes(4 * len(ledger)))
        self._stored = array("I", bytes(4 * len(ledger)))
        self.stored_bytes = 0
        self.content_bytes = 0
        for number in range(len(ledger)):
            entry = ledger.entry(number)
            self._stored[number] = RECORD_HEAD.size + entry.stored_bytes
            self.stored_bytes += self._stored[number]
            self.content_bytes += _content_bytes(ledger, number)

    def add(self, holder: int, use: Use, records: Iterator[int]) -> None:
        """Count what a holder reaches; `holder` is its number, from 1."""
        seen, stored, held = self._seen, self._stored, self._holder
        for number in records:
            if seen[number] != holder:
                seen[number] = holder
                use.objects += 1
                use.stored_bytes += stored[number]
                held[number] = holder if held[number] == 0 else _SHARED

    def finish(self, uses: list[Use]) -> None:
        """Give every holder what it holds alone."""
        for number, holder in enumerate(self._holder):
            if holder > 0:
                uses[holder - 1].exclusive_bytes += self._stored[number]

    def nobody(self) -> Use:
        """Return what no holder reaches."""
        found = Use(NOBODY, "", "nobody's")
        for number, holder in enumerate(self._holder):
            if holder == 0:
                found.objects += 1
                found.stored_bytes += self._stored[number]
        found.exclusive_bytes = found.stored_bytes
        return found


def _content_bytes(ledger: Ledger, number: int) -> int:
    """Return how much content a record holds: a recipe, which only lists, none.

    A record that stands for more than a chunk may hold is a recipe; of a smaller one the ledger
    tells, and of what it cannot read it is taken for a chunk.
    """
    size_bytes = ledger.entry(number).size_bytes
    if size_bytes > CHUNK_BYTES[-1]:
        return 0
    try:
        return 0 if ledger.parts(number) else size_bytes
    except (ValueError, OSError):
        return size_bytes


def _group(owner: Owner, by: By) -> tuple[str, str, str]:
    """Return kind, key and label of the row that an owner is counted in."""
    many = _KINDS.get(owner.kind, owner.kind)
    if many == "runs" and by == "project":
        return "project", owner.group, owner.group
    if many == "runs" and by in {"item", "run"}:
        return "run", owner.key, owner.label
    if many == "datasets" and by in {"item", "dataset"}:
        return "dataset", owner.group, owner.group
    return "kind", many, many if by == "kind" or many not in _PARTED else f"all {many}"


_FOLDERS: dict[str, Callable[[str], str]] = {
    "packs": lambda path: f"{path}/{layout.PACKS}",
    "journal": lambda path: f"{path}/{layout.JOURNAL}",
    "live runs": lambda path: f"{path}/{layout.LIVE}",
    "caches": lambda path: f"{path}/{layout.CACHE}",
    "indexes of remotes": lambda path: f"{path}/{layout.ELSEWHERE}",
    "quarantine": lambda path: f"{path}/{QUARANTINE}",
}


def _folders(path: str) -> dict[str, int]:
    """Return the bytes of the files in each folder of a workspace; the tables' are one of them."""
    found = {name: sum(_sizes(place(path))) for name, place in _FOLDERS.items()}
    with os.scandir(path) as entries:
        tables = [
            entry.stat().st_size for entry in entries if entry.name.startswith(layout.PROJECTION)
        ]
    return found | {"tables": sum(tables)}


def _sizes(folder: str) -> Iterator[int]:
    """Yield the size of each file below a folder; what goes meanwhile counts nothing."""
    waiting = [folder]
    while waiting:
        try:
            with os.scandir(waiting.pop()) as entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append(entry.path)
                    else:
                        yield entry.stat(follow_symlinks=False).st_size
        except OSError:
            continue
