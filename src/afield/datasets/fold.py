"""From this room's facts to its tables; pure, and forgiving towards bodies of later versions.

No fold can count versions: entries come in any order. Numbers are given by the question.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from afield.datasets import events, owners
from afield.journal import Entry
from afield.projection import Column, Put, Room, Table

_INTEGER_MAX = 1 << 63
_DIGEST_CHARS = 64

VERSIONS = Table(
    name="dataset_versions",
    key=(Column("name", "text"), Column("device", "text"), Column("seq", "integer")),
    groups={
        "once": (
            Column("at", "integer"),
            Column("tree", "text"),
            Column("profile", "text"),
            Column("message", "text"),
            Column("files", "integer"),
            Column("size_bytes", "integer"),
            Column("member", "text"),
            Column("source_kind", "text"),
            Column("source_key", "text"),
            Column("source", "text"),
        ),
        "gone": (Column("dropped", "boolean"),),
    },
    indexes=(("tree",),),
)
CARDS = Table(
    name="dataset_cards",
    key=(Column("name", "text"), Column("field", "text")),
    groups={"value": (Column("label", "text"), Column("object", "text"))},
)


def _added(entry: Entry) -> Iterator[Put]:
    body = entry.body
    tree = _object(body.get("tree"))
    if tree is None:
        return
    source = _mapping(body.get("source"))
    values = (
        entry.at,
        tree,
        _object(body.get("profile")),
        _object(body.get("message")),
        _integer(body.get("files")),
        _integer(body.get("size_bytes")),
        entry.by,
        _text(source.get("kind")),
        _text(source.get("key")),
        _object(source.get("about")),
    )
    yield Put("dataset_versions", (entry.about, entry.device, entry.seq), "once", values)


def _carded(entry: Entry) -> Iterator[Put]:
    for name, value in _mapping(entry.body.get("prose")).items():
        yield Put("dataset_cards", (entry.about, name), "value", (None, _object(value)))
    for name, value in _mapping(entry.body.get("labels")).items():
        label = value if isinstance(value, str) else None
        yield Put("dataset_cards", (entry.about, name), "value", (label, None))


def _dropped(entry: Entry) -> Iterator[Put]:
    gone = int(entry.body.get("dropped") is True)
    versions = entry.body.get("versions")
    for one in versions if isinstance(versions, list) else ():
        if isinstance(one, list) and len(one) == 2:  # noqa: PLR2004 - a device and a number
            device, seq = one
            if isinstance(device, str) and _integer(seq) is not None:
                yield Put("dataset_versions", (entry.about, device, seq), "gone", (gone,))


def _object(value: Any) -> str | None:
    return value if isinstance(value, str) and len(value) == _DIGEST_CHARS else None


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _integer(value: Any) -> int | None:
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return value if 0 <= value < _INTEGER_MAX else None


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


ROOM = Room(
    name="datasets",
    tables=(VERSIONS, CARDS),
    folds={events.ADDED: _added, events.CARDED: _carded, events.DROPPED: _dropped},
    owners=(owners.VERSIONS, owners.CARDS),
)
