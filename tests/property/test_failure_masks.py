"""Properties of what names a failure: values do not count, everything else does."""

from __future__ import annotations

import string

from hypothesis import given
from hypothesis import strategies as st

from afield.runs.failure import Failure, Roots, read_failure
from afield.runs.failure_parts import mask_message

NUMBERS = st.one_of(st.integers(-(10**12), 10**12), st.floats(allow_nan=False, width=32))
WORDS = st.text(string.ascii_lowercase, min_size=1, max_size=12)
PATHS = st.lists(WORDS, min_size=1, max_size=5).map(lambda parts: "/" + "/".join(parts) + ".csv")
ADDRESSES = st.integers(0x1000, 2**48).map(hex)
LINES = st.integers(1, 10**5)


def failed(text: str, root: str = "/home/ada/project") -> Failure:
    found = read_failure(
        [text],
        roots=Roots(project=root, folder=root),
        exit_code=1,
        signal=None,
        known={},
    )
    assert found is not None
    return found


def traceback(*, root="/home/ada/project", line=3, function="fit", raised="ValueError: bad batch"):
    return (
        "Traceback (most recent call last):\n"
        f'  File "{root}/train.py", line {line + 5}, in <module>\n    fit(data)\n'
        f'  File "{root}/model.py", line {line}, in {function}\n    raise error\n{raised}\n'
    )


@given(st.tuples(NUMBERS, PATHS, ADDRESSES), st.tuples(NUMBERS, PATHS, ADDRESSES))
def test_values_of_a_message_do_not_tell_failures_apart(some, others):
    first = "ValueError: batch {} of {} at {} is not 3".format(*some)
    second = "ValueError: batch {} of {} at {} is not 4".format(*others)
    assert failed(traceback(raised=first)).fingerprint == (
        failed(traceback(raised=second)).fingerprint
    )


@given(PATHS, PATHS, LINES, LINES)
def test_where_the_project_lies_and_lines_move_does_not_tell_failures_apart(a, b, line, moved):
    here, there = a.removesuffix(".csv"), b.removesuffix(".csv")
    first = failed(traceback(root=here, line=line), root=here)
    second = failed(traceback(root=there, line=moved), root=there)
    assert first.fingerprint == second.fingerprint
    assert first.where is not None
    assert first.where.line == line


@given(WORDS, WORDS)
def test_words_functions_and_exceptions_tell_failures_apart(one, other):
    pairs = (
        {"raised": f"ValueError: {one}"},
        {"function": one},
        {"raised": f"{one.title()}Error: bad batch"},
        {"raised": f"KeyError: '{one}'"},
    )
    others = (
        {"raised": f"ValueError: {other}"},
        {"function": other},
        {"raised": f"{other.title()}Error: bad batch"},
        {"raised": f"KeyError: '{other}'"},
    )
    for a, b in zip(pairs, others, strict=True):
        same = failed(traceback(**a)).fingerprint == failed(traceback(**b)).fingerprint
        assert same == (one == other)


@given(st.text(max_size=400))
def test_a_message_is_masked_whatever_it_holds_and_only_once(text):
    once = mask_message(text)
    assert "\n" not in once
    assert mask_message(once) == once


@given(st.text(max_size=600), st.integers(0, 255))
def test_any_console_is_read_without_a_fault(text, exit_code):
    for stream in (
        text,
        traceback() + text,
        text + "\nTraceback (most recent call last):\n" + text,
    ):
        read_failure([stream], roots=Roots(), exit_code=exit_code, signal=None, known={})
