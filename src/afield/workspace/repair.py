"""Mending a workspace: journal, packs, then objects, from wherever a sound copy is found.

Damaged files are laid aside, never deleted. What no place has is remembered as lost: it is named,
and everything but its content works. What was done is an entry, so that colleagues know of it.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

import msgspec

from afield.journal import Draft
from afield.journal.carry import Carried
from afield.journal.mend import mend_log
from afield.journal.places import LogName, is_log
from afield.kernel.errors import AfieldError, Busy
from afield.kernel.ids import DeviceId, ObjectId
from afield.runs.record import Record
from afield.vault.ledger import Ledger
from afield.vault.mend import Mending, Sick
from afield.workspace import layout
from afield.workspace.check import counting, given_up, roots_of
from afield.workspace.held_back import held_back
from afield.workspace.phantoms import phantoms
from afield.workspace.quarantine import Quarantine
from afield.workspace.reach import Reach
from afield.workspace.replicas import Source, Wanted
from afield.workspace.workspace import Workspace

REPAIRED = "record.repaired"
"""About this device: numbers of what was mended and lost; the object it names lists them."""

_ROUNDS_MAX = 8
_LISTED_MAX = 10_000
_BAD_LOG = frozenset({"entry", "chain", "segment", "witness", "log"})

Progress = Callable[[int, int], object]


class Change(msgspec.Struct, frozen=True):
    """One thing that was mended.

    Attributes:
        what: `log`, `pack`, `index`, `header` or `object`.
        name: which one.
        how: `replaced`, `salvaged`, `rebuilt` or `restored`.
        source: the place it came from; empty: from what is here.
    """

    what: str
    name: str
    how: str
    source: str = ""


@dataclass(slots=True)
class Repair:
    """What a repair did, or with `dry` would do.

    Attributes:
        changes: what was mended.
        entries: entries of the journal that are served again.
        entries_missing: those that are still not.
        objects: digests of records that were lost here and came back.
        lost: digests of what no place has.
        broken: digests of all objects that lack any of it, themselves included.
        aside: files that were laid aside, below the quarantine.
        unreachable: places that could not be asked, and why.
    """

    changes: list[Change] = field(default_factory=list)
    entries: int = 0
    entries_missing: int = 0
    objects: set[bytes] = field(default_factory=set)
    lost: set[bytes] = field(default_factory=set)
    broken: set[bytes] = field(default_factory=set)
    aside: list[str] = field(default_factory=list)
    unreachable: dict[str, str] = field(default_factory=dict)


class Repairer:
    """One repair of one workspace.

    Args:
        workspace: what is mended.
        sources: where sound copies may be, the nearest first.
        quarantine: where damaged files go.
        dry: nothing is changed; only what is known without fetching is told.
        progress: told how many packs and bytes were looked at.
    """

    def __init__(
        self,
        workspace: Workspace,
        sources: Sequence[Source],
        quarantine: Quarantine,
        *,
        dry: bool = False,
        progress: Progress = lambda _packs, _bytes: None,
    ) -> None:
        self.found = Repair()
        self._workspace = workspace
        self._record = workspace.record
        self._sources = sources
        self._quarantine = quarantine
        self._dry = dry
        self._progress = progress
        self._once = {bytes.fromhex(digest) for digest in quarantine.lost()}
        self._untold = False
        self._sizes: dict[bytes, int] = {}

    def size(self) -> tuple[int, int]:
        """Return how many packs there are to look at, and their bytes."""
        packs = self._record.vault.packs
        names = packs.names()
        return len(names), sum(map(packs.size, names))

    def run(self) -> Repair:
        """Mend what can be mended.

        Raises:
            FormatUnknown: the workspace is of a later version.
            Busy: a sweep or another repair is under way.
            OSError: the disk refused; what was done is whole, and the next repair goes on.
        """
        if self._dry:
            return self._run()
        path = f"{self._record.workspace}/{layout.CLEANING_LOCK}"
        with contextlib.ExitStack() as held:
            try:
                held.enter_context(self._record.files.lock(path, wait_s=0))
            except Busy as error:
                why = "a sweep or another repair of this workspace is under way"
                raise Busy("cannot repair now", path, why, hint="wait for it to end") from error
            return self._run()

    def _run(self) -> Repair:
        self._mend_logs()
        if not self._dry:
            self._workspace.refresh()
        mending = self._record.vault.mending(lambda name: self._aside(f"{layout.PACKS}/{name}"))
        if mending.header(dry=self._dry):
            self.found.changes.append(Change("header", "format", "rebuilt"))
        sick = []
        for each in mending.survey(self._progress):
            self._note(each)
            sick.append(msgspec.structs.replace(each, good=()))
        for each in sick:
            now = mending.again(each)  # two that were swapped are mended together
            if now is not None:
                self._mend_pack(mending, now)
        mending.done()
        self._bring_objects()
        if not self._dry:
            self._conclude()
        self.found.aside = self._quarantine.kept
        return self.found

    def _aside(self, path: str) -> None:
        self._quarantine.keep(path)

    def _mend_logs(self) -> None:
        """Put together the logs in which something does not verify or is missing."""
        record, found = self._record, self.found
        root = record.journal.root
        findings = [each for each in record.journal.verify() if each.damaged]
        bad = {each.name.partition("/")[0] for each in findings if each.what in _BAD_LOG}
        heads = record.journal.heads()
        read = self._workspace.projection.positions()
        known = {LogName(record.journal.device): 1}
        known |= {log: position.seq for log, position in read.items()}
        bad |= {log for log, seq in known.items() if log not in heads or heads[log].seq < seq}
        for name in sorted(bad):
            logs = [log for log in record.files.list(root) if is_log(log) and log.startswith(name)]
            for log in logs or ([name] if is_log(name) else []):
                served: dict[str, None] = {}
                mended = mend_log(
                    record.files,
                    root,
                    LogName(log),
                    partial(self._lines, served),
                    lambda path: self._aside(f"{layout.JOURNAL}/{path}"),
                    dry=self._dry,
                )
                found.entries += mended.entries
                found.entries_missing += mended.missing
                if mended.segments:
                    found.changes.append(Change("log", log, "rebuilt", ", ".join(served)))

    def _lines(
        self, served: dict[str, None], device: DeviceId, first: int, below: int | None
    ) -> Iterator[Carried]:
        """Yield what the sources have of a log; `served` takes the names of those that had any."""
        for source in self._asked():
            with self._reaching(source):
                for each in source.lines(device, first, below):
                    served[source.name] = None
                    yield each

    def _note(self, sick: Sick) -> None:
        """Remember what may be lost with a pack."""
        self._once |= {entry.digest for entry in sick.bad}
        self._sizes |= {entry.digest: entry.size_bytes for entry in sick.bad}
        self._untold |= not sick.told

    def _mend_pack(self, mending: Mending, sick: Sick) -> None:
        changes = self.found.changes
        if sick.harm == "index":
            if not self._dry:
                mending.reindex(sick)
            changes.append(Change("index", sick.pack, "rebuilt"))
            return
        for source in self._asked():
            with self._reaching(source):
                data = source.pack(sick.pack)
                if data is not None:
                    if not self._dry:
                        mending.replace(sick, data)
                    changes.append(Change("pack", sick.pack, "replaced", source.name))
                    return
        if not self._dry:
            mending.salvage(sick)
        changes.append(Change("pack", sick.pack, "salvaged"))

    def _bring_objects(self) -> None:
        """Look for what is missing, until no place has any more of it."""
        lost = self._missing()
        before = set(lost)
        for _ in range(_ROUNDS_MAX):
            if not lost or self._dry:
                break
            left = set(lost)
            for source in self._asked():
                if not lost:
                    break
                with self._reaching(source):
                    source.bring(Wanted(lost, self._wholes(lost)))
                back = self._back(lost)
                lost -= back
                for digest in sorted(back):
                    change = Change("object", digest.hex(), "restored", source.name)
                    self.found.changes.append(change)
                self.found.objects |= back
            lost = self._missing()
            if lost == left:
                break
        self.found.lost = lost
        self.found.broken = lost | set(self._wholes(lost))
        self.found.objects |= before - lost

    def _back(self, lost: set[bytes]) -> set[bytes]:
        vault = self._record.vault
        vault.refresh()
        return {digest for digest in lost if vault.packs.known(digest)}

    def _missing(self) -> set[bytes]:
        """Return what is needed here, is not here, and is not known to be elsewhere.

        That is what entries name, directly or not, and what recipes list. Of devices that nobody
        has confirmed only what was here once. Where an object is missing that may itself list
        others, all that was here once is: nobody can tell what of it is needed.
        """
        record = self._record
        counts = counting(record, self._workspace.config.roots)
        free = given_up(record, self._workspace.projection, self._workspace.config.roots)
        named = (root for root in roots_of(record, counts) if root not in free)
        roots = {bytes.fromhex(root) for root in named}
        others = {bytes.fromhex(ref) for ref in _refs(record) if ref not in free} - roots
        reach = Reach(record.vault, self._once)
        _follow(reach, roots)
        lost = set(reach.lost.missing)
        _follow(reach, others)
        lost |= reach.lost.missing if self._untold else reach.lost.missing & self._once
        self._sizes |= reach.lost.sizes
        lost |= _parts_gone(reach.ledger)
        if lost & (roots | others):
            lost |= {digest for digest in self._once if not reach.ledger.find(digest)}
        where = phantoms(record.workspace, record.files)
        held = held_back(record, self._workspace.projection)
        return {
            digest
            for digest in lost
            if where(digest) is None and (digest in self._once or held(digest) is None)
        }

    def _wholes(self, lost: set[bytes]) -> Mapping[bytes, int]:
        """Return the sizes of what is lost, and of all objects that it is a part of."""
        found = {digest: self._sizes[digest] for digest in lost if digest in self._sizes}
        ledger = self._record.vault.ledger()
        parts = set(lost)
        while parts:  # a recipe may be a part of another one
            wholes = {one: size for one, size in _made_of(ledger, parts) if one not in found}
            found |= wholes
            parts = set(wholes)
        return found

    def _asked(self) -> list[Source]:
        return [each for each in self._sources if each.name not in self.found.unreachable]

    @contextlib.contextmanager
    def _reaching(self, source: Source) -> Iterator[None]:
        """Note a source that fails, and go on without it."""
        try:
            yield
        except AfieldError as error:
            self.found.unreachable[source.name] = error.why or error.message

    def _conclude(self) -> None:
        """Remember what is lost, and say in the journal what was done."""
        found, record = self.found, self._record
        known = set(self._quarantine.lost())
        lost = {digest.hex() for digest in found.lost}
        self._quarantine.write_lost(lost, record.now_ms())
        if not found.changes and lost == known:
            return
        document = {
            "changes": found.changes[:_LISTED_MAX],
            "lost": sorted(lost)[:_LISTED_MAX],
        }
        listed = record.vault.put(msgspec.json.encode(document), meta=True)
        record.vault.flush()
        record.journal.append_many([repaired(record.journal.device, found, listed)], durable=True)
        self._workspace.refresh()


def _refs(record: Record) -> Iterator[ObjectId]:
    """Yield what all entries name, whoever wrote them."""
    for batch in record.journal.read():
        for entry in batch.entries:
            yield from entry.refs


def _follow(reach: Reach, roots: Iterable[bytes]) -> None:
    for _ in reach.records(roots):
        pass


def _recipes(ledger: Ledger) -> Iterator[tuple[int, list[bytes]]]:
    """Yield every recipe that verifies, with its parts."""
    for number in range(len(ledger)):
        with contextlib.suppress(ValueError, OSError):
            parts = ledger.parts(number)
            if parts:
                yield number, parts


def _parts_gone(ledger: Ledger) -> set[bytes]:
    """Return what recipes list that is not here."""
    return {part for _, parts in _recipes(ledger) for part in parts if not ledger.find(part)}


def _made_of(ledger: Ledger, wanted: set[bytes]) -> Iterator[tuple[bytes, int]]:
    """Yield the digest and size of each object that any of these is a part of."""
    for number, parts in _recipes(ledger):
        if not wanted.isdisjoint(parts):
            entry = ledger.entry(number)
            yield entry.digest, entry.size_bytes


def repaired(device: DeviceId, found: Repair, listed: ObjectId) -> Draft:
    """Say what a device had lost, what came back, and what did not."""
    kinds = ("log", "pack", "index", "header")
    body: dict[str, int] = {
        kind: sum(change.what == kind for change in found.changes) for kind in kinds
    }
    body |= {
        "entries": found.entries,
        "entries_missing": found.entries_missing,
        "objects": len(found.objects),
        "lost": len(found.lost),
    }
    return Draft(REPAIRED, device, body, (listed,))
