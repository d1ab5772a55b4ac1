"""An ask: who needs what from whom, and by when in the hours of who is asked."""

from __future__ import annotations

from afield.teamwork.shapes import TEXT, Field, Move, Sort, Type

ANSWERED = Move("answered", (TEXT, Field("about", Type.LINK, many=True)), by="to")
CLOSED = Move(
    "closed",
    (Field("outcome", Type.WORD, ("done", "declined", "withdrawn")), TEXT),
    by="to",
    or_author=True,
)
REOPENED = Move("reopened", (TEXT,))

ASK = Sort(
    "ask",
    fields=(
        Field("title", Type.PROSE),
        Field("detail", Type.PROSE),
        Field("to", Type.MEMBER),
        Field("need", Type.WORD, ("answer", "decision", "review", "action")),
        Field("urgency", Type.WORD, ("normal", "urgent")),
        Field("due", Type.TIME),
        Field("about", Type.LINK, many=True),
    ),
    moves=(ANSWERED, CLOSED, REOPENED),
)
