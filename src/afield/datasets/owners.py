"""Which objects are a version's, and which a data card's."""

from __future__ import annotations

from collections.abc import Iterator

from afield.datasets import events
from afield.datasets.query import numbered
from afield.journal import Entry
from afield.projection.owners import Ask, Owner, Owners

KIND = "version"
CARD = "card"


def _key(entry: Entry) -> str:
    return f"{entry.about}/{entry.device}/{entry.seq}"


def _known(ask: Ask) -> Iterator[Owner]:
    for one in numbered(ask):
        key = f"{one.name}/{one.device}/{one.seq}"
        yield Owner(KIND, key, one.label, one.name, live=not one.dropped)


def _cards(ask: Ask) -> Iterator[Owner]:
    for (name,) in ask("SELECT DISTINCT name FROM dataset_cards", ()):
        yield Owner(CARD, name, f"card of {name}", name)


VERSIONS = Owners(KIND, frozenset({events.ADDED}), _key, _known)
CARDS = Owners(CARD, frozenset({events.CARDED}), lambda entry: entry.about, _cards)
