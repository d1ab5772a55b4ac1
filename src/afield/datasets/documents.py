"""What can be found of datasets: names, what was said of versions, and the data card."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from afield.datasets import events
from afield.datasets.card import words_of
from afield.datasets.query import numbered
from afield.projection.documents import Document, Documents, Prose, Words
from afield.projection.owners import Ask

_MESSAGES_MAX = 100
_CARDS = "SELECT name, label, object FROM dataset_cards ORDER BY name, field"


def _found(ask: Ask, abouts: Sequence[str] | None) -> Iterator[Document]:
    wanted = None if abouts is None else set(abouts)
    labels: dict[str, list[str]] = {}
    prose: dict[str, list[Prose]] = {}
    for name, label, kept in ask(_CARDS, ()):
        if label:
            labels.setdefault(name, []).append(label)
        if kept:
            prose.setdefault(name, []).append(Prose(kept, _of_card))
    newest = {one.name: one for one in numbered(ask) if not one.dropped}
    messages: dict[str, list[Prose]] = {}
    for one in numbered(ask):
        if one.message and not one.dropped:
            messages.setdefault(one.name, []).append(Prose(one.message))
    for name, version in newest.items():
        if wanted is None or name in wanted:
            said = messages.get(name, [])[-_MESSAGES_MAX:]
            yield Document(
                sort="dataset",
                key=name,
                id=name,
                about=name,
                label=version.label,
                title=name,
                at_ms=version.added_ms,
                author=version.member,
                detail=f"{version.files} files",
                text=" ".join(labels.get(name, ())),
                names=name,
                prose=(*prose.get(name, ()), *reversed(said)),
            )


def _of_card(data: bytes) -> Words:
    return Words(words_of(data))


DOCUMENTS = Documents(
    name="datasets",
    sorts=("dataset",),
    kinds=frozenset(events.EVENTS),
    found=_found,
)
