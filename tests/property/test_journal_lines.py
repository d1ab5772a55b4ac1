"""Any entry that can be written is read back as it was, and any other bytes are not served."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from afield.journal import DeviceKey, Draft, Journal
from afield.testing.clock import ManualClock
from afield.testing.disk import SimulatedDisk

KEY = DeviceKey.from_private_bytes(bytes(range(32)))
PATH = f"/j/{KEY.device}/000000000001.log"

text = st.text(st.characters(exclude_categories=["Cs"]))
scalars = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
)
values = st.recursive(
    scalars | text, lambda inner: st.lists(inner) | st.dictionaries(text, inner), max_leaves=12
)
objects = st.text("0123456789abcdef", min_size=64, max_size=64)
drafts = st.builds(
    Draft, kind=text, about=text, body=st.dictionaries(text, values), refs=st.lists(objects)
)


def open_journal(disk):
    return Journal(
        "/j",
        disk,
        ManualClock(),
        key=KEY,
        device=KEY.device,
        member="m" * 16,
        sync_within_s=None,
        segment_bytes_max=3_000,
    )


def entries_of(disk):
    return [entry for batch in open_journal(disk).read() for entry in batch.entries]


@given(st.lists(st.lists(drafts, max_size=4), max_size=5))
@settings(max_examples=150, deadline=None)
def test_what_was_appended_is_read_back_equal_and_in_order(batches):
    disk = SimulatedDisk()
    journal = open_journal(disk)
    written = [entry for batch in batches for entry in journal.append_many(batch)]
    assert entries_of(disk) == written
    said = [(e.kind, e.about, e.body, e.refs) for e in written]
    assert said == [(d.kind, d.about, d.body, tuple(d.refs)) for batch in batches for d in batch]
    assert not any(finding.damaged for finding in open_journal(disk).verify())


@given(st.binary(max_size=300), st.booleans())
@settings(max_examples=200, deadline=None)
def test_any_bytes_behind_a_log_are_not_served_and_do_not_stop_it(junk, ends):
    disk = SimulatedDisk()
    written = open_journal(disk).append_many([Draft("a.b", "c", {})] * 2, durable=True)
    disk.overwrite(PATH, disk.read(PATH) + junk + b"\n" * ends)
    assert entries_of(disk) == written
    written.append(open_journal(disk).append("a.b", "c", {}))
    assert entries_of(disk) == written
    assert written[-1].seq == 3


@given(st.lists(st.sampled_from("abc"), max_size=30))
@settings(max_examples=60, deadline=None)
def test_any_interleaving_of_three_writers_makes_one_chain(turns):
    disk = SimulatedDisk()
    writers = {name: open_journal(disk) for name in "abc"}
    written = [writers[name].append("a.b", name, {}) for name in turns]
    assert entries_of(disk) == written
    assert [entry.about for entry in written] == turns
    assert [entry.at for entry in written] == sorted({entry.at for entry in written})
