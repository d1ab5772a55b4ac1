"""A stand-up: what a member says of one of their days, in the morning or at its end."""

from __future__ import annotations

from afield.teamwork.shapes import Field, Sort, Type

SLOTS = ("morning", "evening")

STANDUP = Sort(
    "standup",
    fields=(
        Field("day", Type.DAY),
        Field("slot", Type.WORD, SLOTS),
        Field("state", Type.PROSE),
        Field("next", Type.PROSE),
        Field("decided", Type.PROSE),
        Field("stuck", Type.PROSE),
        Field("unchanged", Type.FLAG),
        Field("about", Type.LINK, many=True),
        Field("raised", Type.LINK, many=True),
    ),
)
"""`about` is what it tells of; `raised` are the blockers and asks that it made."""
