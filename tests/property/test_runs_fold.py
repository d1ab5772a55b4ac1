"""Facts about runs fold to the same tables in any order of delivery."""

from __future__ import annotations

from itertools import count

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from afield.journal import Entry
from afield.kernel.ids import DeviceId, MemberId, ObjectId, RunId
from afield.projection import Projection
from afield.projection.language import Query
from afield.projection.limits import FRAME_BLOCKS_MIN
from afield.projection.search import search
from afield.projection.syntax import Comparison, Field, Value
from afield.runs import events
from afield.runs.fold import ROOM, spelt
from afield.runs.query import CATALOG
from afield.runs.series.seal import Summary
from afield.testing.clock import ManualClock

DEVICES = ("a" * 32, "b" * 32)
RUNS = (RunId("0" * 16), RunId("1" * 16))
OBJECT = ObjectId("f" * 64)
WORDS = st.sampled_from(["a", "b", "lr", "ü"])
SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(-9, 9), st.floats(-9, 9), st.sampled_from(["x", "1e3"])
)
SUMMARIES = st.dictionaries(
    WORDS,
    st.builds(Summary, last=st.floats(), min=st.floats(), max=st.floats(), count=st.integers(0, 9)),
    max_size=2,
)


@st.composite
def drafts(draw):  # noqa: C901, PLR0911 - one short branch per kind of event
    run = draw(st.sampled_from(RUNS))
    kind = draw(st.sampled_from(events.EVENTS))
    if kind == events.STARTED:
        return events.started(
            run, project=draw(WORDS), experiment=draw(WORDS), name=draw(WORDS), kind="python",
            pid=1, host=OBJECT, started_ms=draw(st.integers(0, 5)),
        )  # fmt: skip
    if kind == events.PARAMS:
        return events.params(run, draw(st.dictionaries(WORDS, SCALARS, max_size=2)))
    if kind == events.SUMMARY:
        return events.summary(run, draw(st.dictionaries(WORDS, SCALARS, max_size=2)))
    if kind == events.TAGGED:
        values = draw(st.dictionaries(WORDS, WORDS, max_size=2))
        return events.tagged(run, values, draw(st.lists(WORDS, max_size=1)))
    if kind == events.NAMED:
        return events.named(run, draw(st.one_of(st.none(), WORDS)), project=draw(WORDS))
    if kind == events.CAPTURED:
        return events.captured(run, {"branch": draw(WORDS), "dirty": True}, OBJECT)
    if kind == events.MEASURED:
        return next(events.measured(run, {"a": draw(st.builds(Summary, last=st.floats()))}))
    if kind == events.ENDED:
        return events.ended(
            run, status=draw(st.sampled_from(events.STATUSES)), exit_code=0, signal=None,
            ended_ms=3, summaries=draw(SUMMARIES), series={"object": OBJECT},
        )[-1]  # fmt: skip
    if kind == events.SAVED:
        return events.saved(run, draw(WORDS), OBJECT, 3)
    if kind == events.NOTED:
        return events.noted(run, OBJECT)
    if kind == events.DELETED:
        return events.deleted(run, gone=draw(st.booleans()))
    return events.reproduced(run, run=RUNS[0], verdict=draw(WORDS), report=OBJECT)


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
        ats[device] += draw(st.integers(1, 3))
        entries.append(_entry(draft, device, next(seqs[device]), ats[device]))
    return entries, draw(st.permutations(entries))


def _dump(*deliveries):
    projection = Projection(":memory:", (ROOM,))
    for entries in deliveries:
        projection.apply(entries)
    found = projection.dump()
    projection.close()
    return found


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(histories())
def test_any_order_of_delivery_gives_the_same_tables(history):
    entries, shuffled = history
    half = len(shuffled) // 2
    expected = _dump(entries)
    assert _dump(shuffled) == expected
    assert _dump(shuffled[:half], shuffled[half:], entries) == expected


@settings(max_examples=25, deadline=None)
@given(
    st.dictionaries(st.sampled_from(["lr", "it's", "?1"]), SCALARS, min_size=1),
    st.dictionaries(WORDS, st.floats(-9, 9), max_size=3),
    st.sampled_from([1, 70]),
)
def test_many_runs_that_log_alike_are_those_that_come_one_by_one(params, metrics, times):
    """Many at once are written by a statement of their own, a few are not."""
    params = {f"{name}{each}": value for each in range(times) for name, value in params.items()}
    metrics = {
        f"{name}{each}": Summary(last=value, min=-9.0, max=9.0, count=3)
        for each in range(times)
        for name, value in metrics.items()
    }
    entries = []
    for number in range(FRAME_BLOCKS_MIN):
        run, at = RunId(f"{number:016}"), 2 * number + 1
        entries.append(_entry(events.params(run, params), DEVICES[0], at, at))
        (end,) = events.ended(
            run, status="finished", exit_code=0, signal=None, ended_ms=1, summaries=metrics,
            series=None,
        )  # fmt: skip
        entries.append(_entry(end, DEVICES[0], at + 1, at + 1))
    alone = _dump(*([each] for each in entries))
    assert _dump(entries) == alone
    assert alone.count(b"'text'") == len(entries) // 2 * sum(
        isinstance(value, str) for value in params.values()
    )


def _apply(*drafts_and_stamps):
    projection = Projection(":memory:", (ROOM,))
    projection.apply(
        [_entry(draft, DEVICES[0], at, at) for at, draft in enumerate(drafts_and_stamps, 1)]
    )
    return projection


numerals = st.text("019.+-_einfaINF trufalsx", max_size=6)


@settings(max_examples=200, deadline=None)
@given(st.one_of(st.booleans(), st.integers(), st.floats(allow_nan=False), numerals))
@example(10**400)  # too large for a float, and yet not once it is read from its text
def test_a_param_is_found_by_its_own_text(value):
    start = events.started(
        RUNS[0], project="p", experiment="e", name="n", kind="python", pid=1, host=OBJECT,
        started_ms=1,
    )  # fmt: skip
    projection = _apply(start, events.params(RUNS[0], {"p": value}))
    ((text,),) = projection.query("SELECT text FROM params")
    query = Query(Comparison(Field("params", "p"), "=", (Value(text),)), ())
    assert search(projection, query, CATALOG, clock=ManualClock()) == [RUNS[0]]
    projection.close()


@settings(max_examples=500, deadline=None)
@given(st.lists(st.one_of(st.floats(), st.floats(-99, 99))))
@example([1e-5, 1.0])
@example([0.0001, -0.0, 9999999999999998.0, 0.1 + 0.2])
@example([1e16])
@example([float("inf")])
def test_numbers_are_spelt_as_python_spells_them(values):
    assert spelt(values) == list(map(repr, values))


def test_a_running_run_becomes_an_ended_one_whatever_comes_first():
    start = events.started(
        RUNS[0],
        project="p",
        experiment="e",
        name="n",
        kind="python",
        pid=1,
        host=OBJECT,
        started_ms=1,
    )
    (end,) = events.ended(
        RUNS[0], status="failed", exit_code=2, signal=None, ended_ms=9, summaries={}, series=None
    )
    ordered = [_entry(start, DEVICES[0], 1, 10), _entry(end, DEVICES[0], 2, 20)]
    for entries in (ordered, ordered[::-1]):
        projection = Projection(":memory:", (ROOM,))
        projection.apply(entries)
        rows = projection.query("SELECT status, exit_code, name, project FROM runs")
        assert rows == [("failed", 2, "n", "p")]
        projection.close()


@pytest.mark.parametrize("kind", events.EVENTS)
@pytest.mark.parametrize(
    "body",
    [
        {},
        {"params": 3, "values": [], "set": "x", "unset": {}, "metrics": {"a": 1}, "name": 4},
        {"metrics": {"a": {"last": "bad", "count": "x"}}, "exit_code": True, "facts": None},
        {"series": [], "path": 1, "run": None, "deleted": "yes", "started_ms": 1 << 70},
    ],
)
def test_bodies_of_unknown_shape_are_folded_without_a_fault(kind, body):
    entry = Entry(
        device=DeviceId(DEVICES[0]), seq=1, prev="", at=1, tz="", by=MemberId("m"), kind=kind,
        about=RUNS[0], body=body,
    )  # fmt: skip
    assert list(ROOM.folds[kind](entry)) is not None
    projection = Projection(":memory:", (ROOM,))
    projection.apply([entry])
    assert projection.set_aside() == []
    projection.close()


def test_every_event_has_a_fold():
    assert set(ROOM.folds) == set(events.EVENTS)


def test_summaries_too_many_for_one_entry_come_in_several():
    summaries = {f"metric/{number:06}": Summary(last=float(number)) for number in range(20_000)}
    found = events.ended(
        RUNS[0], status="finished", exit_code=0, signal=None, ended_ms=1, summaries=summaries,
        series=None,
    )  # fmt: skip
    assert [draft.kind for draft in found] == [events.MEASURED] * (len(found) - 1) + [events.ENDED]
    assert len(found) > 1
    projection = _apply(*found)
    assert projection.query("SELECT count(*) FROM metrics") == [(20_000,)]
    projection.close()
