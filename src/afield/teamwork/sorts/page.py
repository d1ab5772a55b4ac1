"""A page: Markdown that many edit, apart too; each edit says which ones it was made from."""

from __future__ import annotations

from afield.teamwork.shapes import Field, Move, Sort, Type

EDITED = Move(
    "edited",
    (
        Field("base", Type.PLACE, many=True),
        Field("text", Type.PROSE),
        Field("about", Type.LINK, many=True),
    ),
)
"""`base` are the edits that stood when it was made; `about` what its text links to."""

PAGE = Sort(
    "page",
    fields=(
        Field("title", Type.PROSE),
        Field("owner", Type.MEMBER),
        Field("review", Type.DAY),
    ),
    moves=(EDITED,),
)
