"""What a colleague in another zone would have to ask back: said when it is written.

Heuristics over English text; they advise and never refuse.
"""

from __future__ import annotations

from afield.kernel.late import late

_WHEN = late(
    r"\b(\d{1,2}[:.]\d{2}|\d{1,2}\s?(am|pm)|noon|midnight|tomorrow|tonight|today|this (morning|"
    r"afternoon|evening))\b"
)
_ZONE = late(
    r"(\bUTC\b|\bGMT\b|\bZ\b|[+-]\d{2}:\d{2}\b|\b[A-Z][a-z]+/[A-Z][a-z_]+\b|\b[CEPMI]E?[SD]?T\b)"
)
_MEASURE = late(
    r"\b(takes?|took|needs?|uses?|used|costs?|within|under|over|at most)\s+\d[\d.,]*\b"
    r"(?!\s*(%|[A-Za-zµ$€]))"
)
_DEICTIC = late(
    r"\b(the|this|that|my|our|last|latest) (run|model|data ?set|data|plot|figure|job)\b"
)
_WORDS_FEW = 3


def missing_in(text: str, *, has_link: bool) -> list[str]:
    """Return what is missing in a text that somebody will read without its author.

    Args:
        text: what was written.
        has_link: it says what it is about by links.
    """
    found = []
    if not has_link and _DEICTIC().search(text.lower()):
        found.append("which one is meant? link it: --about run:NAME or data:NAME@3")
    if _WHEN().search(text) and not _ZONE().search(text):
        found.append("a time without its zone: write 15:00 UTC, or 15:00 Europe/Berlin")
    if _MEASURE().search(text):
        found.append("a number without its unit")
    if len(text.split()) < _WORDS_FEW:
        found.append("too short to act on: say what you know and what you need")
    return found
