"""Lines for people, folded to a terminal where their own columns begin."""

from __future__ import annotations

import pytest

from afield.cli.output import folded

LINE = "  2  watch     run slow: running for 1 min on vm; longer than 3 earlier runs of sweep"


def test_what_is_too_wide_goes_on_below_its_last_column():
    first, *others = folded(LINE, 60)
    assert others
    assert {len(one) - len(one.lstrip()) for one in others} == {LINE.index("run slow")}
    assert max(map(len, [first, *others])) <= 60
    assert " ".join(one.strip() for one in [first, *others]) == LINE.strip()


@pytest.mark.parametrize(
    "line", [LINE[:60], f"\x1b[1m{LINE}\x1b[0m", f"{LINE}   (afield show 7f3k)"]
)
def test_what_fits_is_styled_or_is_to_be_pasted_stays_whole(line):
    assert folded(line, 60) == [line]
