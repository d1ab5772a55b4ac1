"""The reconciler: what to do next to make two copies of a record one. Pure.

`receive(message) -> actions`: no I/O, no clock, no thread. A driver does what the actions say
and hands the answers back; it may stop anywhere, for ever, and another one starts from the
beginning and finds done what was done.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from afield.sync import layout
from afield.sync.errors import RemoteForeign
from afield.sync.job import Job, Steps
from afield.sync.layout import FORMAT, PACKS, Format
from afield.sync.limits import BAD_NAMES_MAX, FORMAT_BYTES_MAX
from afield.sync.messages import Action, Answer, Ask, Fetch, ListFolder, Merged, Packs, Store
from afield.sync.pull import note_packs, pull_heads, pull_logs, pull_packs
from afield.sync.push import mend, push_head, push_logs, push_packs
from afield.sync.stores.store import Item


class Reconciler:
    """One sync with one remote.

    Attributes:
        job: what is to be done; its report tells what came of it.
        done: whether there is nothing left to ask.
    """

    def __init__(self, job: Job) -> None:
        self.job = job
        self.done = False
        self._steps = _sync(job)
        self._number = 0
        self._waiting: dict[int, int] = {}
        self._answers: list[Any] = []

    def begin(self) -> list[Action]:
        """Return the first actions."""
        return self._go_on(None)

    def receive(self, message: Answer) -> list[Action]:
        """Take an answer; return what is to be done next, nothing while others are awaited.

        An answer that came before, or that nobody asked for, is passed over.

        Raises:
            Refused: the remote is another workspace's, or of a later version.
            Damaged: what says so cannot be read.
        """
        place = self._waiting.pop(message.number, None)
        if place is None:
            return []
        self._answers[place] = message.value
        if self._waiting:
            return []
        return self._go_on(self._answers)

    def _go_on(self, answers: list[Any] | None) -> list[Action]:
        try:
            asked: list[Ask] = next(self._steps) if answers is None else self._steps.send(answers)
        except StopIteration:
            self.done = True
            return []
        actions = []
        self._answers = [None] * len(asked)
        for place, ask in enumerate(asked):
            self._number += 1
            self._waiting[self._number] = place
            actions.append(Action(self._number, ask))
        return actions


def _sync(job: Job) -> Steps:
    """Take, then give: what others have is here before this device says what it has."""
    yield from _known(job)
    if job.fetch:
        yield from _fetch(job)
        return
    heads = yield from pull_heads(job)
    (here,) = yield [Packs()]
    (meta, data) = yield [ListFolder(PACKS["meta"]), ListFolder(PACKS["data"])]
    yield from pull_packs(job, "meta", here, meta)
    noted = yield from note_packs(here, data)
    latest, news = yield from pull_logs(job, heads)
    yield from pull_packs(job, "data", here, data, noted)
    (tips,) = yield [Merged(latest, news, job.dry)]
    if job.take:
        return
    there = {"meta": _sizes("meta", meta), "data": _sizes("data", data)}
    bad = {name for head in heads.values() for name in head.bad[:BAD_NAMES_MAX]} | job.bad
    lacking = {device for head in heads.values() for device in head.lacks}
    own = heads.get(job.device)
    yield from push_packs(job, there, bad)
    yield from mend(job, tips, bad)
    given = yield from push_logs(job, tips, own, lacking)
    yield from push_head(job, given, own)


def _fetch(job: Job) -> Steps:
    """Bring what is wanted, of all that is there."""
    (here,) = yield [Packs()]
    (meta, data) = yield [ListFolder(PACKS["meta"]), ListFolder(PACKS["data"])]
    yield from pull_packs(job, "meta", here, meta)
    yield from pull_packs(job, "data", here, data)


def _sizes(role: str, listed: Iterable[Item]) -> dict[str, int]:
    """Return the packs among what was listed, with their sizes."""
    named = ((layout.pack_of(role, item.name), item.size_bytes) for item in listed)
    return {pack: size_bytes for pack, size_bytes in named if pack is not None}


def _known(job: Job) -> Steps:
    """Look whose remote it is, and make it one of this workspace when it is new."""
    (data,) = yield [Fetch(FORMAT, FORMAT_BYTES_MAX)]
    if data is None and not job.dry:
        fresh = Format(workspace=job.workspace, founder=job.founder.hex())
        yield [Store(FORMAT, layout.encode_format(fresh), once=True)]
        (data,) = yield [Fetch(FORMAT, FORMAT_BYTES_MAX)]  # another may have been first
    if data is None:
        return
    found = layout.decode_format(data, job.address)
    if found.workspace != job.workspace or found.founder != job.founder.hex():
        why = f"it holds the record of workspace {found.workspace}"
        hint = f"afield clone {job.address} DIR"
        raise RemoteForeign("cannot sync with remote", job.address, why, hint=hint)
