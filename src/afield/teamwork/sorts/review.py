"""A review of a run, of code between two runs, of data, of a model or of a page.

`asked` names who is to look and by when, in their business hours; somebody else `instead` of them
is another `asked`. `judged` is a verdict; the last of each person counts. Comments have anchors.
"""

from __future__ import annotations

from afield.teamwork.shapes import TEXT, Field, Move, Sort, Type

APPROVE, CHANGES, COMMENT = "approve", "request-changes", "comment"
REPRODUCED, NOT_REPRODUCED = "reproduced", "could-not-reproduce"
VERDICTS = (COMMENT, APPROVE, CHANGES, REPRODUCED, NOT_REPRODUCED)
SUBJECTS = ("run", "code", "data", "model", "page")

ASKED = Move(
    "asked",
    (
        Field("reviewer", Type.MEMBER),
        Field("due", Type.TIME),
        Field("instead", Type.MEMBER),
        TEXT,
    ),
)
JUDGED = Move(
    "judged",
    (Field("verdict", Type.WORD, VERDICTS), TEXT, Field("evidence", Type.LINK)),
)
WITHDRAWN = Move("withdrawn", (TEXT,))

REVIEW = Sort(
    "review",
    fields=(
        Field("title", Type.PROSE),
        Field("detail", Type.PROSE),
        Field("what", Type.WORD, SUBJECTS),
        Field("about", Type.LINK),
        Field("against", Type.LINK),
    ),
    moves=(ASKED, JUDGED, WITHDRAWN),
)
