"""What can be found of people: what they are called, which stands in an object."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from afield.members.events import MEMBER_INTRODUCED
from afield.members.names import from_object
from afield.projection.documents import Document, Documents, Prose, Words, batches
from afield.projection.owners import Ask

_IDS = "SELECT id FROM members ORDER BY id"


def _found(ask: Ask, abouts: Sequence[str] | None) -> Iterator[Document]:
    for some, marks in batches(ask, _IDS, abouts):
        sql = f"SELECT id, introduced_ms, profile_object FROM members WHERE id IN ({marks})"  # noqa: S608 - `?` parameters
        for member, introduced_ms, profile in ask(sql, some):
            yield Document(
                sort="member",
                key=member,
                id=member,
                about=member,
                label=member,
                at_ms=introduced_ms,
                author=member,
                prose=(Prose(profile, _of_profile),) if profile else (),
            )


def _of_profile(data: bytes) -> Words:
    name = from_object(data)
    return Words("", names=name, label=name)


DOCUMENTS = Documents(
    name="members",
    sorts=("member",),
    kinds=frozenset({MEMBER_INTRODUCED}),
    found=_found,
)
