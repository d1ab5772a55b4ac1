"""What a room has that can be searched: things with words, as its tables and objects have them.

Declarations only. Who searches gets from here what there is to find, and how an object's bytes
become words; what people wrote stays in objects, so that it can be erased.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from afield.projection.owners import Ask

ASKED_MAX = 500
"""Things that a room is asked for at once."""


@dataclass(frozen=True, slots=True)
class Words:
    """What an object says.

    Attributes:
        text: what it says.
        names: short names in it that are also found by a part of them, set apart by spaces.
        label: what the whole thing is called, where only an object says so.
    """

    text: str
    names: str = ""
    label: str | None = None


def plain(data: bytes) -> Words:
    """Return the words of an object that is text."""
    return Words(data.decode("utf-8", "replace"))


@dataclass(frozen=True, slots=True)
class Prose:
    """An object that holds words, and how they are read; `read` may raise what it likes."""

    object: str
    read: Callable[[bytes], Words] = plain


@dataclass(frozen=True, slots=True)
class Document:
    """Something that can be found.

    Attributes:
        sort: `run`, `note`, `dataset`: what it is.
        key: which one, unique among its sort.
        id: what its own address takes: of a note, its run's.
        about: what the entries are about that make it.
        label: what people call it.
        title: the words of the label that count most; empty where they are another thing's.
        project: which it is of; None for none.
        at_ms: since when there is it, in Unix milliseconds.
        author: the member's id.
        detail: a few words beside the label.
        text: words that stand in tables.
        names: short names that are also found by a part of them, set apart by spaces.
        prose: objects with words.
    """

    sort: str
    key: str
    id: str
    about: str
    label: str
    at_ms: int
    title: str = ""
    project: str | None = None
    author: str | None = None
    detail: str | None = None
    text: str = ""
    names: str = ""
    prose: tuple[Prose, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class Documents:
    """The documents of a room, of one or a few sorts.

    Args:
        name: unique among all.
        sorts: of documents.
        kinds: of entries, by which documents come, change and go.
        found: yields the documents that entries about these make; all for None.
        wide: kinds of entries after which every document of the room is looked at again.
    """

    name: str
    sorts: tuple[str, ...]
    kinds: frozenset[str]
    found: Callable[[Ask, Sequence[str] | None], Iterable[Document]]
    wide: frozenset[str] = frozenset()


def batches(ask: Ask, ids: str, abouts: Sequence[str] | None) -> Iterator[tuple[list[Any], str]]:
    """Yield ids, so many at a time, each time with question marks for them.

    Args:
        ask: the tables.
        ids: a SELECT of all ids there are, for when all are meant.
        abouts: the ids that are meant; None: all.
    """
    wanted = [found for (found,) in ask(ids, ())] if abouts is None else list(abouts)
    for start in range(0, len(wanted), ASKED_MAX):
        some = wanted[start : start + ASKED_MAX]
        yield some, ", ".join("?" * len(some))
