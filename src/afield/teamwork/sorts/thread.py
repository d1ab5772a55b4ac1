"""A thread on something in the record: one for each thing, whoever begins it."""

from __future__ import annotations

from afield.teamwork.shapes import Field, Sort, Type

THREAD = Sort("thread", fields=(Field("about", Type.LINK),))
