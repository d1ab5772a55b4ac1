"""A decision in the fields of MADR 4: what was the question, what was chosen, on what evidence.

`proposed` opens the time for comments, which is counted in each member's own working time.
"""

from __future__ import annotations

from afield.teamwork.shapes import TEXT, Field, Move, Sort, Type

OUTCOMES = ("accepted", "rejected", "withdrawn")
PROPOSED = Move("proposed", (TEXT, Field("minutes", Type.NUMBER)))
SETTLED = Move(
    "settled",
    (Field("outcome", Type.WORD, OUTCOMES), TEXT, Field("early", Type.PROSE)),
)
REVISITED = Move("revisited", (TEXT, Field("review", Type.DAY)))

DECISION = Sort(
    "decision",
    fields=(
        Field("title", Type.PROSE),
        Field("context", Type.PROSE),
        Field("drivers", Type.PROSE),
        Field("options", Type.PROSE),
        Field("outcome", Type.PROSE),
        Field("consequences", Type.PROSE),
        Field("confirmation", Type.PROSE),
        Field("way", Type.WORD, ("two-way", "one-way")),
        Field("deciders", Type.MEMBER, many=True),
        Field("consulted", Type.MEMBER, many=True),
        Field("informed", Type.MEMBER, many=True),
        Field("evidence", Type.LINK, many=True),
        Field("supersedes", Type.LINK, many=True),
        Field("review", Type.DAY),
    ),
    moves=(PROPOSED, SETTLED, REVISITED),
)
