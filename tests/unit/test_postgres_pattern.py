"""What RE2 takes is written so that PostgreSQL's engine finds the same, or refused."""

from __future__ import annotations

import pytest

from afield.projection.errors import PatternRefused
from afield.projection.postgres_pattern import as_postgres


@pytest.mark.parametrize(
    ("pattern", "written"),
    [
        ("a.b", r"a[^\n]b"),
        (r"\bword\b\.", r"\yword\y\."),
        (r"^\d+\s*\W$", r"^[0-9]+[\t\n\f\r ]*[^0-9A-Za-z_]$"),
        (r"[]\w.[:digit:][]{2,3}?", r"[\]0-9A-Za-z_.[:digit:]\[]{2,3}?"),
        ("(?i)(?P<x>a|b)(?:c)", "(?i)(?:a|b)(?:c)"),
        (r"\Aa{\z", r"\Aa\{\Z"),
    ],
)
def test_a_pattern_is_written_in_the_words_of_postgresql(pattern, written):
    assert as_postgres(pattern) == written


@pytest.mark.parametrize(
    "pattern",
    [
        *("a(?i)b", "(?s)a", "(?U)a*", r"\pL", r"\x41", r"\Qa\E", r"\C", r"[\D]", "[[:^digit:]]"),
        *("^*", "(|*)", r"\b+", "a{2}{3}", "a{256}", "a{1,999}"),
    ],
)
def test_what_postgresql_would_read_otherwise_is_refused(pattern):
    with pytest.raises(PatternRefused):
        as_postgres(pattern)
