"""A blocker: what keeps somebody from going on, who is to clear it, and who offers help."""

from __future__ import annotations

from afield.teamwork.shapes import TEXT, Field, Move, Sort, Type

OFFERED = Move("offered", (TEXT,))
CLEARED = Move("cleared", (TEXT,))
REOPENED = Move("reopened", (TEXT,))

BLOCKER = Sort(
    "blocker",
    fields=(
        Field("title", Type.PROSE),
        Field("owner", Type.MEMBER),
        Field("about", Type.LINK, many=True),
    ),
    moves=(OFFERED, CLEARED, REOPENED),
)
