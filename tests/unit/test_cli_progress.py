"""The line that tells how far long work is."""

from __future__ import annotations

import contextlib
import io

import pytest

from afield.cli import words
from afield.cli.progress import Meter, Smoothed
from afield.cli.session import Session
from afield.cli.sync_words import Watch as SyncWatch
from afield.sync.messages import Report


class Terminal(io.StringIO):
    def isatty(self):
        return True


class Watch:
    def __init__(self):
        self.now_s = 100.0

    def __call__(self):
        return self.now_s


def shown(work, *, stream=None, environ=None, json=False):
    """Return what `work(meter, watch)` wrote to stderr."""
    stream = Terminal() if stream is None else stream
    watch = Watch()
    with contextlib.redirect_stderr(stream):
        session = Session(environ or {"COLUMNS": "200"})
        session.json = json
        with Meter(session, "adding", (10_000, 250_000_000), clock=watch) as meter:
            work(meter, watch)
    return stream.getvalue()


def ten_steps(meter, watch):
    for _ in range(10):
        watch.now_s += 0.4
        meter(80, 2_500_000)


def test_it_says_how_far_how_fast_and_how_long_still():
    text = shown(ten_steps)
    last = text.split("\r\x1b[2K")[-2]
    assert last == "adding 800 of 10,000 files, 25 MB of 250 MB, 6.25 MB/s, 45 s left"
    assert text.endswith("\r\x1b[2K"), "the line is gone at the end"


def test_the_time_left_is_not_said_before_it_can_be_known():
    drawn = shown(ten_steps).split("\r\x1b[2K")
    assert "left" not in drawn[1]
    assert "left" in drawn[-2]


def test_it_never_draws_more_than_five_times_a_second():
    def many(meter, watch):
        for _ in range(10_000):
            watch.now_s += 0.001
            meter(1, 10)

    assert shown(many).count("adding") <= 51


def test_it_fits_the_screen():
    drawn = shown(ten_steps, environ={"COLUMNS": "30"}).split("\r\x1b[2K")
    assert max(map(len, drawn)) == 29


def test_of_short_work_only_a_terminal_is_told():
    assert shown(ten_steps, stream=io.StringIO()) == ""
    assert shown(ten_steps, environ={"TERM": "dumb"}) == ""
    assert shown(ten_steps, json=True) == ""


def test_of_long_work_a_log_gets_a_line_a_minute():
    def long(meter, watch):
        for _ in range(500):
            watch.now_s += 1
            meter(10, 100_000)

    lines = shown(long, stream=io.StringIO()).splitlines()
    assert len(lines) == 8
    assert lines[0] == "adding 600 of 10,000 files, 6 MB of 250 MB, 100 kB/s, 19 min left"


def test_what_is_more_than_was_expected_is_counted_without_an_end():
    watch = Watch()
    meter = Meter(Session({}), "adding", (2, 100), clock=watch)
    watch.now_s += 10
    meter(3, 200)
    assert meter.line() == "adding 3 files, 200 B, 20 B/s"


def test_an_unknown_whole_may_become_known_later():
    watch = Watch()
    meter = Meter(Session({}), "checking", noun="pack", clock=watch)
    watch.now_s += 10
    meter(1, 3_000_000)
    assert meter.line() == "checking 1 pack, 3 MB, 300 kB/s"
    meter.expect(2, 6_000_000)
    meter.turn_to("writing")
    watch.now_s += 0.001
    assert meter.line() == "writing 1 of 2 packs, 3 MB of 6 MB, 300 kB/s, 10 s left"


def test_what_has_no_bytes_is_counted_by_the_piece():
    watch = Watch()
    meter = Meter(Session({}), "folding", (100, 0), noun="entry", clock=watch)
    watch.now_s += 10
    meter(50, 0)
    assert meter.line() == "folding 50 of 100 entries, 5/s, 10 s left"


def test_a_rate_follows_what_happened_of_late():
    rate = Smoothed()
    for _ in range(10):
        rate.add(100)
        rate.over(1.0)
    assert rate.per_s == pytest.approx(100)
    for _ in range(40):
        rate.over(1.0)
    assert rate.per_s < 1, "what stands still is seen to"


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0, "a few seconds"), (12, "10 s"), (54, "55 s"), (56, "1 min"), (3_000, "50 min"),
     (7_700, "2 h 10 min"), (10_800, "3 h"), (130_000, "1.5 d")],
)  # fmt: skip
def test_an_estimate_is_worded_no_finer_than_it_is_worth(seconds, said):
    assert words.left(seconds) == said


def test_a_sync_says_what_is_still_ahead_of_it():
    stream, clock = Terminal(), Watch()
    with contextlib.redirect_stderr(stream):
        session = Session({"COLUMNS": "200"})
        with SyncWatch(session, "team", clock=clock) as watch:
            clock.now_s += 10
            ahead = Report(packs_in=1, bytes_in=8_000_000, ahead=2, ahead_bytes=12_000_000)
            watch(ahead, "receiving")
            clock.now_s += 10
            watch(Report(packs_in=3, bytes_in=20_000_000), "comparing")
    first, second, _ = stream.getvalue().split("\r\x1b[2K")
    assert first == "team: receiving 1 of 3 packs, 8 MB of 20 MB, 800 kB/s, 15 s left"
    assert second == "team: comparing 3 packs, 20 MB, 1.11 MB/s"
