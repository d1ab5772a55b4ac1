"""What a query may name: a room's table, its columns, and its key/value tables.

Declarations only; the room that owns the tables writes them down once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal

import msgspec

AttributeType = Literal["text", "number", "time", "duration"]


class Attribute(msgspec.Struct, frozen=True):
    """A field of the table itself.

    Args:
        sql: an expression over the alias `r`, such as `r."status"`.
        type: `time` is Unix milliseconds, `duration` is seconds.
        indexed: whether an index finds the rows with one value.
        few: the column of few values out of which the expression alone is worked out; an index
            on it is wanted.
    """

    sql: str
    type: AttributeType = "text"
    indexed: bool = False
    few: str | None = None


class Pairs(msgspec.Struct, frozen=True):
    """A key/value table: at most one row for an owner and a name.

    Wants the key (owner, name), and an index (name, value column); where it has both, one on
    (name, number, text).

    Args:
        table: its name.
        owner: the column that holds the key of the catalog's table.
        name: the column that holds the name of the pair.
        text: the column with the value as text, if any.
        number: the column with the value as a number, NULL where it is none.
        worded: tells a text beside which the number is always NULL; that makes looking for it
            quick. None: there may be a number beside every text.
    """

    table: str
    owner: str
    name: str
    text: str | None = None
    number: str | None = None
    worded: Callable[[str], bool] | None = None

    def __post_init__(self) -> None:
        if self.text is None and self.number is None:
            raise ValueError(f"{self.table} holds neither text nor numbers")

    @property
    def columns(self) -> tuple[str, ...]:
        """The value columns; in sorting, what has the first comes before what has not."""
        return tuple(column for column in (self.number, self.text) if column is not None)


class Catalog(msgspec.Struct, frozen=True):
    """The fields of one kind of thing.

    Args:
        table: the table that rows are selected from, known to SQL as `r`.
        key: its primary key, one column.
        attributes: fields without a scope.
        pairs: key/value tables by scope: `metrics` for `metrics.acc`.
        order: how rows are sorted when nothing else decides; the key is added to it.
        where: a condition that always holds, or empty.
        aliases: other words for scopes; scopes named `attribute` mean attributes.
    """

    table: str
    key: str
    attributes: Mapping[str, Attribute]
    pairs: Mapping[str, Pairs] = msgspec.field(default_factory=dict)
    order: str = ""
    where: str = ""
    aliases: Mapping[str, str] = msgspec.field(default_factory=dict)
