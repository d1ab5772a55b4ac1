"""Facts about traces fold to the same tables, and answers, in any order of delivery."""

from __future__ import annotations

from contextlib import closing
from itertools import count

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from afield.journal import Entry
from afield.kernel.ids import DeviceId, MemberId, ObjectId
from afield.projection import Projection
from afield.traces import events, query
from afield.traces.fold import ROOM

DEVICES = ("a" * 32, "b" * 32)
TRACES = ("tr-1", "tr-2")
OBJECTS = [ObjectId(sign * 64) for sign in "cdef"]
WORDS = st.sampled_from(["a", "b", "ü"])
TEXTS = st.dictionaries(WORDS, WORDS, max_size=2)
TIMES = st.integers(0, 5)
KEPT = st.sampled_from(OBJECTS)
MAYBE_KEPT = st.one_of(st.none(), KEPT)
STATES = st.sampled_from(events.STATES)


@st.composite
def drafts(draw):
    trace, start = draw(st.sampled_from(TRACES)), draw(TIMES)
    told = events.told(
        trace,
        experiment=draw(WORDS),
        request_ms=start,
        state=draw(STATES),
        duration_ms=draw(st.one_of(st.none(), TIMES)),
        previews=draw(MAYBE_KEPT),
        metadata=draw(TEXTS),
        tags=draw(TEXTS),
    )
    spanned = events.spanned(
        trace,
        experiment=draw(WORDS),
        spans=draw(KEPT),
        count=draw(TIMES),
        start_ms=start,
        end_ms=draw(st.one_of(st.none(), TIMES)),
        state=draw(st.one_of(st.none(), STATES)),
        previews=draw(MAYBE_KEPT),
        metadata=draw(TEXTS),
        tokens=draw(st.dictionaries(WORDS, TIMES, max_size=2)),
        tags=draw(TEXTS),
    )
    assessed = events.assessed(
        trace,
        draw(WORDS),
        name=draw(WORDS),
        what=events.FEEDBACK,
        document=draw(KEPT),
        value=draw(st.one_of(st.none(), st.booleans(), WORDS)),
        overrides=draw(st.one_of(st.none(), WORDS)),
    )
    return draw(
        st.sampled_from(
            [
                told,
                spanned,
                assessed,
                events.tagged(trace, draw(TEXTS), draw(st.lists(WORDS, max_size=1))),
                events.unassessed(trace, draw(WORDS)),
                events.linked(trace, runs=[draw(WORDS)], prompts=[draw(WORDS)]),
                events.deleted(trace, gone=draw(st.booleans())),
            ]
        )
    )


def _entry(draft, device, seq, at):
    return Entry(
        device=DeviceId(device), seq=seq, prev="", at=at, tz="+00:00", by=MemberId("m"),
        kind=draft.kind, about=draft.about, body=dict(draft.body), refs=tuple(draft.refs),
    )  # fmt: skip


@st.composite
def histories(draw):
    """Entries of two devices, stamps rising within each, and one more order of the same."""
    seqs = {device: count(1) for device in DEVICES}
    ats = dict.fromkeys(DEVICES, 0)
    entries = []
    for draft in draw(st.lists(drafts(), min_size=1, max_size=12)):
        device = draw(st.sampled_from(DEVICES))
        ats[device] += draw(st.integers(1, 3)) << 20
        entries.append(_entry(draft, device, next(seqs[device]), ats[device]))
    return entries, draw(st.permutations(entries))


def _told(*deliveries):
    """Return the tables, and what people would be shown of them."""
    with closing(Projection(":memory:", (ROOM,))) as projection:
        for entries in deliveries:
            projection.apply(entries)
        ask = projection.query
        return (
            projection.dump(),
            query.traces_of(ask, TRACES),
            query.tags(ask, TRACES),
            query.metadata(ask, TRACES),
            query.batches(ask, TRACES),
            query.assessments(ask, TRACES),
            query.links(ask, TRACES),
        )


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(histories())
def test_any_order_of_delivery_gives_the_same_traces(history):
    entries, shuffled = history
    half = len(shuffled) // 2
    expected = _told(entries)
    assert _told(shuffled) == expected
    assert _told(shuffled[:half], shuffled[half:], entries) == expected


def _batch(kept, start_ms, end_ms, state=None, tokens=None):
    return events.spanned(
        "tr-1", experiment="1", spans=kept, count=1,
        start_ms=start_ms, end_ms=end_ms, state=state, tokens=tokens,
    )  # fmt: skip


def _trace(*placed):
    with closing(Projection(":memory:", (ROOM,))) as projection:
        entries = [_entry(one, DEVICES[0], seq, seq) for seq, one in enumerate(placed, 1)]
        projection.apply(entries)
        ask = projection.query
        (found,) = query.traces_of(ask, ["tr-1"])
        return found, query.metadata(ask, ["tr-1"]).get("tr-1", {})


def test_a_trace_of_which_only_spans_came_is_as_they_say():
    parts = [
        _batch(OBJECTS[0], 20, 30, tokens={"input_tokens": 1}),
        _batch(OBJECTS[1], 10, 50, events.ERROR, {"input_tokens": 2}),
    ]
    for order in (parts, parts[::-1]):
        found, metadata = _trace(*order)
        assert (found.request_ms, found.duration_ms, found.state) == (10, 40, "ERROR")
        assert metadata == {query.TOKENS: '{"input_tokens":3}'}


def test_what_is_told_of_a_trace_that_has_ended_counts_more_than_its_spans():
    told = events.told("tr-1", experiment="1", request_ms=1, duration_ms=2, state=events.OK)
    found, _ = _trace(told, _batch(OBJECTS[0], 0, 99, events.ERROR))
    assert (found.request_ms, found.duration_ms, found.state) == (1, 2, "OK")


def test_spans_that_are_sent_once_more_count_once():
    part = _batch(OBJECTS[0], 20, 30, tokens={"input_tokens": 1})
    assert _trace(part, part)[1] == {query.TOKENS: '{"input_tokens":1}'}
