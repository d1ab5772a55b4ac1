"""Masks keep lines: what is told of a line is told of that line."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from afield.replay.canonical import Look, judge
from afield.replay.canonical.plain import compare_console
from afield.replay.masks import Masks, Window
from afield.replay.verdict import Grade

START = int(datetime(2026, 3, 2, 10, 0, tzinfo=UTC).timestamp() * 1000)
PIECES = st.sampled_from(
    [
        *("took ", "time", "elapsed:", "ETA", " in ", "done", "total=", "epoch 3", "total time"),
        *("3.2", "12", "00:12", "10:48:28", "2026-03-02", "Mar 2", "[00:01<00:00,", "]", "(", ")"),
        *(
            "s",
            " ms",
            "min",
            "it/s",
            " / s",
            "h ",
            "\n",
            "\r\n",
            "\r",
            "\x0c",
            " ",
            "pid ",
            "loss 0.5",
        ),
        "/tmp/tmpab12cd34",  # noqa: S108 - a name to mask
        *("0x7f12ab34cd56", "___f - ", "[Memory]", "--- ", " ---", ",", "±"),
    ]
)
TEXTS = st.lists(PIECES, max_size=25).map("".join)


@given(TEXTS)
def test_a_masked_text_has_as_many_lines(text):
    assert Masks([], Window(START, START)).clean(text).count("\n") == text.count("\n")


@given(TEXTS, TEXTS)
def test_two_texts_that_only_masks_make_alike_are_never_silently_alike(old, new):
    masks = Masks([], Window(START, START))
    judged = compare_console(old, new, Look(judge=judge, old=masks, new=masks))
    if old != new and judged.grade is Grade.CONTENT:
        same_lines = old.replace("\r\n", "\n") == new.replace("\r\n", "\n")
        assert judged.unjudged or same_lines
