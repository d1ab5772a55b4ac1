"""From facts about registered models to their tables; pure, and forgiving towards later versions.

No fold can count versions: entries come in any order. Numbers are given by the question.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from afield.journal import Entry
from afield.kernel.clock import stamp_to_ms
from afield.projection import Column, Put, PutRow, Room, Table
from afield.projection.owners import Ask, Owner, Owners
from afield.registry import events
from afield.registry.stages import STAGES
from afield.runs.experiments.bodies import integer, mapping, text, texts_in

_VERSION = (Column("model", "text"), Column("device", "text"), Column("seq", "integer"))
MODELS = Table(
    name="registered_models",
    key=(Column("id", "text"),),
    groups={
        "once": (
            Column("first_name", "text"),
            Column("project", "text"),
            Column("made", "integer"),
        ),
        "renamed": (Column("name", "text"), Column("renamed_ms", "integer")),
        "described": (Column("description", "text"),),
        "erased": (Column("deleted", "boolean"),),
        "touched": (Column("touched_ms", "integer"),),
    },
    indexes=(("first_name",), ("name",)),
)
TAGS = Table(
    name="registered_model_tags",
    key=(Column("model", "text"), Column("name", "text")),
    groups={"tagged": (Column("value", "text", long=True),)},
    indexes=(("name", "value"),),
)
ALIASES = Table(
    name="registered_model_aliases",
    key=(Column("model", "text"), Column("alias", "text")),
    groups={"points": (Column("device", "text"), Column("seq", "integer"))},
)
VERSIONS = Table(
    name="model_versions",
    key=_VERSION,
    groups={
        "once": (
            Column("at", "integer"),
            Column("source", "text"),
            Column("location", "text"),
            Column("run", "text"),
            Column("run_link", "text"),
            Column("logged_model", "text"),
            Column("member", "text"),
        ),
        "staged": (Column("stage", "text"),),
        "described": (Column("description", "text"),),
        "erased": (Column("deleted", "boolean"),),
        "touched": (Column("touched_ms", "integer"),),
    },
    indexes=(("logged_model",), ("run",)),
)
VERSION_TAGS = Table(
    name="model_version_tags",
    key=(*_VERSION, Column("name", "text")),
    groups={"tagged": (Column("value", "text", long=True),)},
    indexes=(("name", "value"),),
)
_TAGS_OF = {MODELS.name: TAGS.name, VERSIONS.name: VERSION_TAGS.name}


def _made(entry: Entry) -> Iterator[Put | PutRow]:
    name = text(entry.body, "name")
    if name is not None:
        first = (name, text(entry.body, "project") or "default", entry.at)
        yield Put("registered_models", (entry.about,), "once", first)
        again = (0, stamp_to_ms(entry.at))
        yield PutRow("registered_models", (entry.about,), ("erased", "touched"), again)


def _renamed(entry: Entry) -> Iterator[PutRow]:
    name = text(entry.body, "name")
    if name is not None:
        now_ms = stamp_to_ms(entry.at)
        values = (name, now_ms, now_ms)
        yield PutRow("registered_models", (entry.about,), ("renamed", "touched"), values)


def _versioned(entry: Entry) -> Iterator[Put | PutRow]:
    body = entry.body
    source = text(body, "source")
    if source is None:
        return
    now_ms = stamp_to_ms(entry.at)
    key = (entry.about, entry.device, entry.seq)
    told = (text(body, name) for name in ("location", "run", "run_link", "logged_model"))
    once = (entry.at, source, *told, entry.by)
    yield Put("model_versions", key, "once", once)
    also = (text(body, "described"), now_ms)
    yield PutRow("model_versions", key, ("described", "touched"), also)
    for name, value in mapping(body, "tags").items():
        yield Put("model_version_tags", (*key, name), "tagged", (str(value),))
    yield Put("registered_models", (entry.about,), "touched", (now_ms,))


def _described(entry: Entry) -> Iterator[PutRow]:
    for table, key in _subject(entry):
        values = (text(entry.body, "text"), stamp_to_ms(entry.at))
        yield PutRow(table, key, ("described", "touched"), values)


def _tagged(entry: Entry) -> Iterator[Put]:
    for subject, key in _subject(entry):
        table = _TAGS_OF[subject]
        for name in texts_in(entry.body, "unset"):
            yield Put(table, (*key, name), "tagged", (None,))
        for name, value in mapping(entry.body, "set").items():
            yield Put(table, (*key, name), "tagged", (str(value),))


def _staged(entry: Entry) -> Iterator[Put | PutRow]:
    place, stage = _place(entry.body), text(entry.body, "stage")
    if place is not None and stage in STAGES:
        now_ms = stamp_to_ms(entry.at)
        key = (entry.about, *place)
        yield PutRow("model_versions", key, ("staged", "touched"), (stage, now_ms))
        yield Put("registered_models", (entry.about,), "touched", (now_ms,))


def _aliased(entry: Entry) -> Iterator[Put]:
    alias, place = text(entry.body, "alias"), _place(entry.body)
    if alias is not None and (place is not None or "version" not in entry.body):
        points = place or (None, None)
        yield Put("registered_model_aliases", (entry.about, alias), "points", points)


def _deleted(entry: Entry) -> Iterator[Put | PutRow]:
    now_ms = stamp_to_ms(entry.at)
    gone = int(entry.body.get("deleted") is True)
    for table, key in _subject(entry):
        yield PutRow(table, key, ("erased", "touched"), (gone, now_ms))
        if table == VERSIONS.name:
            yield Put("registered_models", (entry.about,), "touched", (now_ms,))


def _subject(entry: Entry) -> Iterator[tuple[str, tuple[Any, ...]]]:
    """Yield the table and the key of what an entry is about: a version, or the model itself.

    Nothing, when it is about a version in words that are not known here.
    """
    place = _place(entry.body)
    if place is not None:
        yield VERSIONS.name, (entry.about, *place)
    elif "version" not in entry.body:
        yield MODELS.name, (entry.about,)


def _place(body: Mapping[str, Any]) -> tuple[str, int] | None:
    found = body.get("version")
    if not isinstance(found, list) or len(found) != 2:  # noqa: PLR2004 - a device and a number
        return None
    device, seq = found[0], integer({"seq": found[1]}, "seq")
    return (device, seq) if isinstance(device, str) and seq is not None else None


def _known(ask: Ask) -> Iterator[Owner]:
    sql = (
        "SELECT id, COALESCE(name, first_name), project, deleted FROM registered_models"
        " WHERE made IS NOT NULL"
    )
    for model, name, project, deleted in ask(sql, ()):
        yield Owner("registered", model, name, project, live=not deleted)


_WITH_OBJECTS = frozenset({events.VERSIONED, events.DESCRIBED, events.TAGGED})
ROOM = Room(
    name="registry",
    tables=(MODELS, TAGS, ALIASES, VERSIONS, VERSION_TAGS),
    folds={
        events.MADE: _made,
        events.RENAMED: _renamed,
        events.VERSIONED: _versioned,
        events.DESCRIBED: _described,
        events.TAGGED: _tagged,
        events.STAGED: _staged,
        events.ALIASED: _aliased,
        events.DELETED: _deleted,
    },
    owners=(Owners("registered", _WITH_OBJECTS, lambda entry: entry.about, _known),),
)
