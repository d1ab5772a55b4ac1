"""A first sync that was stopped at any message: what has not come yet is elsewhere, not damaged."""

from __future__ import annotations

import random

from afield.runs.record import Record
from afield.sync.pace import Pace
from afield.workspace.check import examine
from afield.workspace.remotes import add_remote, remotes
from afield.workspace.sync import Wishes, clone, sync
from afield.workspace.workspace import Workspace

PACE = Pace(None, monotonic_s=lambda: 0.0, sleep=lambda _: None)


def findings(copy):
    return examine(copy.record, copy.projection, copy.config.roots).findings


def keep(record: Record, data):
    """Keep some bytes in a pack of their own and name them."""
    ref = record.vault.put(data)
    record.vault.flush()
    record.journal.append("thing.named", "t", {"name": "n"}, [ref])
    return ref


def test_a_clone_that_is_stopped_at_any_message_has_phantoms_and_no_damage(tmp_path):
    ann, chance = Workspace.init(tmp_path / "ann"), random.Random(1)
    add_remote(ann, "team", str(tmp_path / "team"))
    refs = [keep(ann.record, chance.randbytes(size)) for size in (100, 90_000, 150_000)]
    sync(ann, remotes(ann)["team"], PACE, Wishes())
    bob, origin = clone(str(tmp_path / "team"), str(tmp_path / "bob"), person=lambda: "bob")
    missed, steps = set(), 0
    whole = False
    while not whole:
        steps += 1
        left = iter(range(steps))
        go_on = lambda left=left: next(left, None) is not None  # noqa: E731
        _, whole = sync(bob, origin, PACE, Wishes(), go_on=go_on)
        found = findings(bob)
        assert not [each for each in found if each.damaged]
        phantoms = {each.name for each in found if each.what == "phantom"}
        assert phantoms == {ref for ref in named_in(bob) if not bob.record.vault.has(ref)}
        missed |= phantoms
    assert missed >= set(refs[1:]), "it was stopped while each of them was missing"
    assert all(bob.record.vault.has(ref) for ref in refs)
    ann.close()
    bob.close()


def named_in(copy):
    return {
        ref for batch in copy.record.journal.read() for entry in batch.entries for ref in entry.refs
    }
