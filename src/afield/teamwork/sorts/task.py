"""A task: what somebody is to do, by when, as a part of what, and on which of their days."""

from __future__ import annotations

from afield.teamwork.shapes import TEXT, Field, Move, Sort, Type

FINISHED = Move("finished", (Field("outcome", Type.WORD, ("done", "dropped")), TEXT))
REOPENED = Move("reopened", (TEXT,))

TASK = Sort(
    "task",
    fields=(
        Field("title", Type.PROSE),
        Field("detail", Type.PROSE),
        Field("owner", Type.MEMBER),
        Field("due", Type.TIME),
        Field("important", Type.FLAG),
        Field("urgent", Type.FLAG),
        Field("part_of", Type.LINK),
        Field("about", Type.LINK, many=True),
        Field("day", Type.DAY),
        Field("place", Type.NUMBER),
    ),
    moves=(FINISHED, REOPENED),
)
