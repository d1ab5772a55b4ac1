"""A turn on call: its author agrees to be woken from an instant until another."""

from __future__ import annotations

from afield.teamwork.shapes import Field, Move, Sort, Type

WITHDRAWN = Move("withdrawn")

ONCALL = Sort(
    "oncall",
    fields=(Field("from", Type.TIME), Field("until", Type.TIME)),
    moves=(WITHDRAWN,),
)
