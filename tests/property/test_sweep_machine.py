"""Random work, deletes, sweeps, undoing and writers beside them: nothing needed is ever lost."""

from __future__ import annotations

import contextlib
import random
import shutil
import tempfile
import time
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from afield.datasets import events as data
from afield.kernel.errors import NotFound
from afield.testing.clock import ManualClock
from afield.vault import TreeEntry
from afield.workspace import layout
from afield.workspace.sweep import GRACE_MS, bring_back, plan, sweep, undo
from afield.workspace.workspace import Workspace

DAY_S = 24 * 3600.0
BIG = random.Random(1).randbytes(150_000)
BLOBS = [b"small", BIG, BIG[:90_000] + b"other" + BIG[90_000:]]
CONTENTS = st.sampled_from([{0}, {1}, {2}, {0, 1}, {1, 2}, {0, 1, 2}])
GRACE = st.sampled_from([0, GRACE_MS])


class Version:
    """What the model knows of a version: its entry, what it holds, and when it was dropped."""

    def __init__(self, entry, contents):
        self.entry = entry
        self.contents = contents
        self.tree = entry.refs[0]
        self.dropped_ms = None
        self.may_be_gone = False


def keep(vault, contents):
    return vault.put_tree(
        TreeEntry(str(each), 0o644, len(BLOBS[each]), vault.put(BLOBS[each])) for each in contents
    )


def append(workspace, tree, contents):
    size_bytes = sum(len(BLOBS[each]) for each in contents)
    draft = data.added("d", tree=tree, files=len(contents), size_bytes=size_bytes)
    return Version(workspace.record.journal.append_many([draft])[0], contents)


def whole(vault, version):
    """Tell whether all bytes of a version can be read; what can be read is always right."""
    try:
        found = vault.get_tree(version.tree)
        assert {int(each.path) for each in found} == version.contents
        for each in found:
            assert vault.get(each.object) == BLOBS[int(each.path)]
    except NotFound:
        return False
    return True


class Sweeps(RuleBasedStateMachine):
    """A workspace in a folder; each writer is opened as a process of its own would."""

    @initialize()
    def begin(self):
        self.place = Path(tempfile.mkdtemp(prefix="afield-sweeps-"))
        self.clock = ManualClock(time.time_ns() + int(DAY_S * 1e9))
        Workspace.init(self.place, clock=self.clock).close()
        self.reader = Workspace.open(self.place, clock=self.clock)
        self.versions = []
        self.writers = []

    def teardown(self):
        if hasattr(self, "place"):
            self.end()
            shutil.rmtree(self.place)

    def open(self):
        return Workspace.open(self.place, clock=self.clock)

    @rule(contents=CONTENTS)
    def add(self, contents):
        with self.open() as workspace:
            tree = keep(workspace.record.vault, contents)
            workspace.record.vault.flush()
            self.versions.append(append(workspace, tree, contents))

    @rule(contents=CONTENTS, flushed=st.booleans())
    def begin_to_add(self, contents, flushed):
        workspace = self.open()
        tree = keep(workspace.record.vault, contents)
        if flushed:
            workspace.record.vault.flush()
        self.writers.append((workspace, tree, contents))

    @precondition(lambda self: self.writers)
    @rule(ends=st.sampled_from([True, True, False]))
    def end_to_add(self, ends):
        workspace, tree, contents = self.writers.pop(0)
        if ends:
            workspace.record.vault.flush()
            self.versions.append(append(workspace, tree, contents))
        workspace.close()

    def live(self):
        return [each for each in self.versions if each.dropped_ms is None]

    def dropped(self):
        return [each for each in self.versions if each.dropped_ms is not None]

    @precondition(lambda self: self.live())
    @rule(number=st.integers(0, 3))
    def drop(self, number):
        live = self.live()
        version = live[number % len(live)]
        self.tell(version, gone=True)
        version.dropped_ms = self.clock.now_ns // 1_000_000
        version.may_be_gone = False

    @precondition(lambda self: self.dropped())
    @rule(number=st.integers(0, 3), asks=st.booleans())
    def want_again(self, number, asks):
        dropped = self.dropped()
        version = dropped[number % len(dropped)]
        self.tell(version, gone=False)
        if asks:
            bring_back(self.reader)
        else:  # another device has said so: the next sweep must see to it, before it frees anything
            with contextlib.suppress(Exception):
                sweep(self.reader)
        version.dropped_ms = None
        self.reader.record.vault.refresh()
        if not whole(self.reader.record.vault, version):
            assert version.may_be_gone, "its time had not come"
            self.tell(version, gone=True)
            self.versions.remove(version)

    def tell(self, version, *, gone):
        draft = data.dropped("d", [(version.entry.device, version.entry.seq)], gone=gone)
        self.reader.record.journal.append_many([draft])

    @rule(days=st.sampled_from([7, 15]))
    def wait(self, days):
        self.clock.advance(days * DAY_S)

    @rule(grace_ms=GRACE)
    def sweep(self, grace_ms):
        now_ms = self.clock.now_ns // 1_000_000
        before = {each.pack for each in plan(self.reader, grace_ms).packs}
        found = sweep(self.reader, grace_ms)
        assert {each.pack for each in found.packs} == before, "it does what it says before"
        for each in self.versions:
            if each.dropped_ms is not None and now_ms - each.dropped_ms >= grace_ms:
                each.may_be_gone = True

    @precondition(lambda self: self.versions)
    @rule()
    def sweep_and_lose_the_process(self):
        found = sweep(self.reader)
        (self.place / ".afield" / layout.UNSETTLED).write_text(str(found.at_ms))
        self.reader.refresh()

    @precondition(lambda self: self.reader.record.vault.sweeping().resting())
    @rule()
    def undo(self):
        undo(self.reader)
        assert not self.reader.record.vault.sweeping().resting()

    @invariant()
    def all_that_is_needed_can_be_read(self):
        if hasattr(self, "reader"):
            vault = self.reader.record.vault
            vault.refresh()
            assert all(whole(vault, each) for each in self.live())

    def end(self):
        for workspace, _, _ in self.writers:
            workspace.close()
        for _ in range(2):
            self.clock.advance(40 * DAY_S)
            sweep(self.reader)
        self.all_that_is_needed_can_be_read()
        vault = self.reader.record.vault
        assert not vault.sweeping().resting()
        assert not plan(self.reader).packs, "what nobody needs is gone"
        live = {each for version in self.versions if version.dropped_ms is None
                for each in version.contents}  # fmt: skip
        ledger = vault.ledger()
        entries = {
            ledger.entry(number).digest: ledger.entry(number) for number in range(len(ledger))
        }
        kept_bytes = sum(entry.stored_bytes for entry in entries.values())  # each once
        assert kept_bytes < 1.4 * sum(len(BLOBS[each]) for each in live) + 6_000
        assert not [one for one in vault.verify() if one.damaged]
        self.reader.close()


TestSweeps = Sweeps.TestCase
TestSweeps.settings = settings(
    max_examples=20,
    stateful_step_count=25,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
