from __future__ import annotations

import pytest

from afield.replay.verdict import Grade, run_verdict


@pytest.mark.parametrize(
    ("grades", "gaps", "verdict"),
    [
        ([Grade.BYTES], False, "identical"),
        ([Grade.BYTES, Grade.CONTENT], False, "identical"),
        ([Grade.BYTES, Grade.TOLERANCE], False, "equivalent"),
        ([Grade.BYTES, Grade.UNCHECKED], False, "incomplete"),
        ([Grade.TOLERANCE, Grade.DIVERGED], False, "diverged"),
        ([Grade.BYTES, Grade.MISSING], False, "diverged"),
        ([Grade.BYTES], True, "incomplete"),
        ([Grade.TOLERANCE], True, "incomplete"),
        ([Grade.DIVERGED], True, "diverged"),
        ([], False, "incomplete"),
    ],
)
def test_the_verdict_of_a_run_is_that_of_its_worst_part(grades, gaps, verdict):
    assert run_verdict(grades, gaps=gaps) == verdict


def test_what_was_not_checked_is_never_better_than_what_was():
    assert Grade.UNCHECKED > Grade.TOLERANCE > Grade.CONTENT > Grade.BYTES


def test_every_grade_has_words():
    assert len({grade.words for grade in Grade}) == len(Grade)
