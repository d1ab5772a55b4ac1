"""What can be found of items of every sort: titles, and all that people wrote, by declaration."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from afield.projection.documents import Document, Documents, Prose, Words, batches, plain
from afield.projection.owners import Ask
from afield.teamwork.fold import EVENTS
from afield.teamwork.query import Item, read
from afield.teamwork.shapes import Field, Type
from afield.teamwork.sorts import SORTS

_IDS = "SELECT DISTINCT id FROM items WHERE made IS NOT NULL ORDER BY id"
_PLAIN = frozenset({Type.CODE, Type.DAY})
TITLE = "title"


def _found(ask: Ask, abouts: Sequence[str] | None) -> Iterator[Document]:
    for some, _ in batches(ask, _IDS, abouts):
        for sort in SORTS:
            for item in read(ask, sort, some):
                parts = [(each, item.values.get(each.name)) for each in sort.fields]
                for one in item.moves:
                    move = sort.move(one.name)
                    fields = move.fields if move is not None else ()
                    parts += [(each, one.values.get(each.name)) for each in fields]
                yield _document(item, [(each, value) for each, value in parts if value])


def _document(item: Item, parts: Sequence[tuple[Field, object]]) -> Document:
    prose: list[Prose] = []
    words: list[str] = []
    for each, value in parts:
        many = value if isinstance(value, list) else [value]
        if each.type is Type.PROSE:
            read_as = _of_title if each.name == TITLE else plain
            prose += [Prose(str(one), read_as) for one in many]
        elif each.type in _PLAIN:
            words += map(str, many)
    return Document(
        sort=item.sort,
        key=item.id,
        id=item.id,
        about=item.id,
        label=f"{item.sort} {item.id[:8]}",
        project=item.project,
        at_ms=item.touched_ms,
        author=item.author,
        text=" ".join(words),
        names=item.id,
        prose=tuple(prose),
    )


def _of_title(data: bytes) -> Words:
    return Words("", label=data.decode("utf-8", "replace"))


DOCUMENTS = Documents(
    name="teamwork",
    sorts=tuple(sort.name for sort in SORTS),
    kinds=frozenset(EVENTS),
    found=_found,
)
