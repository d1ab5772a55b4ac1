"""A meeting: when, who is asked to come, what about; and what came of it, for who was not there."""

from __future__ import annotations

from afield.teamwork.shapes import Field, Move, Sort, Type

CAME = Move("came", (Field("members", Type.MEMBER, many=True),))
READ = Move("read")
CANCELLED = Move("cancelled", (Field("text", Type.PROSE),))

MEETING = Sort(
    "meeting",
    fields=(
        Field("title", Type.PROSE),
        Field("from", Type.TIME),
        Field("until", Type.TIME),
        Field("attendees", Type.MEMBER, many=True),
        Field("agenda", Type.PROSE),
        Field("notes", Type.PROSE),
        Field("must_read", Type.FLAG),
        Field("about", Type.LINK, many=True),
        Field("raised", Type.LINK, many=True),
    ),
    moves=(CAME, READ, CANCELLED),
)
"""`raised` are the tasks and decisions that its notes made; `must_read`: the absent are to read."""
