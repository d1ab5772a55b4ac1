"""Number tokens in text: whatever Python prints is one token, and equality is exact."""

from __future__ import annotations

import math
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from afield.replay.text import NUMBER, close_value, compare_text, is_number, same_number
from afield.replay.verdict import Grade

FLOATS = st.floats(allow_nan=True, allow_infinity=True)
FINITE = st.floats(allow_nan=False, allow_infinity=False)
WORDS = st.text(st.characters(codec="utf-8", categories=("L", "Zs", "P", "S")), max_size=12)


@given(FLOATS)
def test_what_python_prints_of_a_float_is_one_token(value):
    assert is_number(repr(value))
    assert NUMBER.findall(f"loss = {value!r} ok") == [repr(value)]


@given(FINITE, st.integers(0, 6))
def test_trailing_zeros_do_not_change_a_number(value, zeros):
    token = format(Decimal(value), "f")
    longer = token + ("" if "." in token else ".") + "0" * zeros
    assert same_number(token, longer)


@given(FINITE, FINITE)
def test_two_tokens_are_the_same_number_only_when_their_values_are(left, right):
    assert same_number(repr(left), repr(right)) == (Decimal(repr(left)) == Decimal(repr(right)))


@given(FINITE, FINITE, st.sampled_from([0.0, 1e-9, 1e-6, 1e-2]))
def test_tolerance_is_symmetric(left, right, tolerance):
    assert close_value(left, right, tolerance) == close_value(right, left, tolerance)


@given(FLOATS)
def test_a_value_is_close_to_itself_whatever_it_is(value):
    assert close_value(value, value, 0.0)


@given(FINITE.filter(lambda value: abs(value) > 1e-300 and abs(value) < 1e300))
def test_a_relative_difference_above_the_tolerance_is_told(value):
    text, other = f"score {value!r}", f"score {value * (1 + 1e-5)!r}"
    assert compare_text(text, other, 1e-6).grade is Grade.DIVERGED
    assert compare_text(text, other, 1e-4).grade is Grade.TOLERANCE


@given(st.integers(), st.integers())
def test_whole_numbers_have_no_tolerance(left, right):
    grade = compare_text(f"n {left}", f"n {right}", 1e-3).grade
    assert (grade is Grade.CONTENT) == (left == right)
    assert grade is not Grade.TOLERANCE


@given(st.lists(WORDS, max_size=6), st.data())
def test_a_changed_text_is_never_identical_content(lines, data):
    text = "\n".join(lines)
    at = data.draw(st.integers(0, len(text)))
    added = data.draw(st.sampled_from(["x", "7", ".", " ", "\t", "\x0c", "\u2028", "é", "-"]))
    mutant = text[:at] + added + text[at:]
    assert compare_text(text, mutant, 1e-6).grade is not Grade.CONTENT


@given(st.text(max_size=200))
def test_a_text_is_identical_to_itself(text):
    assert compare_text(text, text, 0.0).grade is Grade.CONTENT


def test_hostile_text_is_compared_in_linear_time():
    hostile = "1," * 200_000 + "1." * 200_000 + "-" * 200_000 + "1e" * 100_000
    assert compare_text(hostile, hostile + "x", 1e-6).grade is Grade.DIVERGED


def test_infinities_written_large_are_not_equal():
    assert not same_number("1e999", "2e999")
    assert compare_text("a 1e999", "a 2e999", 1e-6).grade is Grade.DIVERGED
    assert math.isinf(float("1e999"))
