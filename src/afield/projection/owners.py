"""Whose the objects are that entries name: what a room says of its runs or versions.

Declarations only. Who asks what can be freed, or what takes the space, gets from here what
there is, what it is called, and whether it still counts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import msgspec

from afield.journal.entry import Entry

Ask = Callable[[str, Sequence[Any]], list[tuple[Any, ...]]]
"""Runs a SELECT on the tables: `Projection.query`."""


class Owner(msgspec.Struct, frozen=True):
    """Something that holds objects.

    Attributes:
        kind: `run`, `version`, `card`; `record` for what belongs to no room's things.
        key: which one, unique among its kind.
        label: what people call it.
        group: the dataset or project that it is of; empty for none.
        live: it is neither deleted nor dropped.
    """

    kind: str
    key: str
    label: str
    group: str = ""
    live: bool = True


class Owners(msgspec.Struct, frozen=True):
    """One kind of owner.

    What an entry names belongs to an owner that no table knows as to a live one: nothing is ever
    given up because it was not understood.

    Args:
        kind: of all of them.
        events: the kinds of entries whose objects are theirs.
        key: returns which owner an entry is about.
        known: yields those that the tables know.
    """

    kind: str
    events: frozenset[str]
    key: Callable[[Entry], str]
    known: Callable[[Ask], Iterable[Owner]]
