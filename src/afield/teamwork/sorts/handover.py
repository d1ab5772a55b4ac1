"""A handover: what one person leaves to another, line by line, until it is accepted.

`lined` adds a line while it is a draft; one that `replaces` another stands for it. `offered` hands
it over: no line changes from then on. What the receiver does with lines names them; none named
means all that are left.
"""

from __future__ import annotations

from afield.teamwork.shapes import TEXT, Field, Move, Sort, Type

SEVERITIES = ("stable", "watch", "unstable")
TOPICS = (
    "note", "firing", "failed", "stalled", "running", "blocked", "ask", "review", "task",
    "decision", "temporary",
)  # fmt: skip
LINES = Field("lines", Type.PLACE, many=True)

LINED = Move(
    "lined",
    (
        Field("severity", Type.WORD, SEVERITIES),
        Field("topic", Type.WORD, TOPICS),
        Field("about", Type.LINK),
        Field("facts", Type.PROSE),
        Field("assessment", Type.PROSE),
        Field("condition", Type.PROSE),
        Field("when", Type.PROSE),
        Field("then", Type.PROSE),
        Field("call", Type.MEMBER),
        Field("until", Type.TIME),
        Field("replaces", Type.PLACE),
    ),
)
"""`condition` is "if" in a person's words, `when` a predicate that is looked after: a query."""

DROPPED = Move("dropped", (LINES,))
OFFERED = Move("offered")
ACCEPTED = Move("accepted", (LINES, Field("synthesis", Type.PROSE)))
QUESTIONED = Move("questioned", (LINES, TEXT))
REPLIED = Move("replied", (Field("re", Type.PLACE), TEXT))
DECLINED = Move("declined", (LINES, TEXT))
SURPRISED = Move("surprised", (LINES, TEXT))
WITHDRAWN = Move("withdrawn", (TEXT,))

HANDOVER = Sort(
    "handover",
    fields=(
        Field("title", Type.PROSE),
        Field("kind", Type.WORD, ("shift", "role")),
        Field("to", Type.MEMBER),
        Field("backup", Type.MEMBER),
        Field("from", Type.TIME),
        Field("until", Type.TIME),
        Field("due", Type.TIME),
        Field("backup_due", Type.TIME),
        Field("summary", Type.PROSE),
        Field("safe_state", Type.PROSE),
        Field("rollback", Type.PROSE),
        Field("despite", Type.PROSE),
        Field("about", Type.LINK, many=True),
    ),
    moves=(
        LINED,
        DROPPED,
        OFFERED,
        ACCEPTED,
        QUESTIONED,
        REPLIED,
        DECLINED,
        SURPRISED,
        WITHDRAWN,
    ),
)
