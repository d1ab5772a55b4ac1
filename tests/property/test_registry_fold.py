"""Facts about registered models fold to the same tables, and numbers, in any order of delivery."""

from __future__ import annotations

from contextlib import closing
from itertools import count

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from afield.journal import Draft, Entry
from afield.kernel.ids import DeviceId, MemberId, ObjectId
from afield.projection import Projection
from afield.registry import events, query
from afield.registry.fold import ROOM
from afield.registry.stages import STAGES

DEVICES = ("a" * 32, "b" * 32)
NAMES = ("fraud", "churn")
MODELS = tuple(events.id_of(name) for name in NAMES)
OBJECT = ObjectId("f" * 64)
WORDS = st.sampled_from(["a", "b", "ü"])
PLACES = st.tuples(st.sampled_from(DEVICES), st.integers(1, 6))
MAYBE_PLACES = st.one_of(st.none(), PLACES)


@st.composite
def drafts(draw):
    model, name = draw(st.sampled_from(list(zip(MODELS, NAMES, strict=True))))
    values = draw(st.dictionaries(WORDS, WORDS, max_size=2))
    return draw(
        st.sampled_from(
            [
                events.made(model, name=name, project=draw(WORDS)),
                events.renamed(model, draw(st.sampled_from(NAMES))),
                events.versioned(model, source=draw(WORDS), tags=values, described=OBJECT),
                events.versioned(model, source=draw(WORDS)),
                events.described(model, draw(st.sampled_from([None, OBJECT])), draw(MAYBE_PLACES)),
                events.tagged(
                    model, values, draw(st.lists(WORDS, max_size=1)), version=draw(MAYBE_PLACES)
                ),
                events.staged(model, draw(PLACES), draw(st.sampled_from(STAGES))),
                events.aliased(model, draw(WORDS), draw(MAYBE_PLACES)),
                events.deleted(model, gone=draw(st.booleans()), version=draw(MAYBE_PLACES)),
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
    projection = Projection(":memory:", (ROOM,))
    for entries in deliveries:
        projection.apply(entries)
    ask = projection.query
    found = query.versions_where(ask, "1 = 1", ())
    told = (
        projection.dump(),
        found,
        query.aliases(ask, MODELS),
        query.model_tags(ask, MODELS),
        query.version_tags(ask, found),
    )
    projection.close()
    return told


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(histories())
def test_any_order_of_delivery_gives_the_same_models_numbers_and_aliases(history):
    entries, shuffled = history
    half = len(shuffled) // 2
    expected = _told(entries)
    assert _told(shuffled) == expected
    assert _told(shuffled[:half], shuffled[half:], entries) == expected


def _ask(*placed):
    projection = Projection(":memory:", (ROOM,))
    projection.apply([_entry(*one) for one in placed])
    return projection


FRAUD = MODELS[0]
MADE = events.made(FRAUD, name="fraud", project="default")


def test_versions_that_two_copies_register_at_once_get_numbers_of_their_own():
    one, other = (events.versioned(FRAUD, source=f"runs:/{name}/m") for name in "ab")
    placed = [(MADE, DEVICES[0], 1, 1), (MADE, DEVICES[1], 1, 1)]
    placed += [(other, DEVICES[1], 2, 9), (one, DEVICES[0], 2, 9)]
    for order in (placed, placed[::-1]):
        with closing(_ask(*order)) as projection:
            found = query.versions_where(projection.query, "1 = 1", ())
            assert [(one.number, one.source) for one in found] == [
                (2, "runs:/b/m"),
                (1, "runs:/a/m"),
            ]


def test_the_number_of_a_deleted_version_is_not_given_again():
    version = events.versioned(FRAUD, source="s")
    gone = events.deleted(FRAUD, gone=True, version=(DEVICES[0], 3))
    drafts = [MADE, version, version, gone, version]
    placed = [(draft, DEVICES[0], seq, seq) for seq, draft in enumerate(drafts, 1)]
    with closing(_ask(*placed)) as projection:
        found = query.versions_where(projection.query, "1 = 1", ())
        assert [one.number for one in found] == [3, 1]


def test_two_models_that_took_one_name_apart_are_both_shown():
    churn = MODELS[1]
    placed = [
        (MADE, DEVICES[0], 1, 1),
        (events.made(churn, name="churn", project="default"), DEVICES[1], 1, 2),
        (events.renamed(churn, "fraud"), DEVICES[1], 2, 3),
    ]
    with closing(_ask(*placed)) as projection:
        ask = projection.query
        assert query.model_named(ask, "fraud").id == FRAUD
        assert query.model_named(ask, f"fraud~{churn[3:9]}").id == churn


def test_what_a_later_program_says_of_a_version_leaves_the_model_alone():
    later = Draft(events.DELETED, FRAUD, {"deleted": True, "version": {"uuid": "?"}})
    with closing(_ask((MADE, DEVICES[0], 1, 1), (later, DEVICES[0], 2, 2))) as projection:
        assert query.model_named(projection.query, "fraud") is not None
