"""What searching takes at most, in one place."""

from __future__ import annotations

QUESTION_CHARS_MAX = 500
TERMS_MAX = 32
TERM_CHARS_MAX = 100

TEXT_CHARS_MAX = 200_000
"""Of the words of one document."""

NAMES_CHARS_MAX = 4_000
"""Of the names of one document that are found by a part of them."""

RANKED_MAX = 500
"""Documents that fit and are ranked; of more the newest are."""

EXCERPT_WORDS = 24
EXCERPT_OF_CHARS = 20_000
"""How far into a text an excerpt is looked for."""

BUSY_WAIT_S = 15.0
"""How long a search waits for another process that brings the index up to date."""

CHANGED_MAX = 20_000
"""Things with new entries that are looked at one by one; of more, all are compared."""
