"""From facts about experiments to their tables; forgiving towards bodies of later versions."""

from __future__ import annotations

from collections.abc import Iterator

from afield.journal import Entry
from afield.kernel.clock import stamp_to_ms
from afield.projection import Column, Put, PutRow, Room, Table
from afield.runs.experiments import events
from afield.runs.experiments.bodies import integer, mapping, text, texts_in

EXPERIMENTS = Table(
    name="experiments",
    key=(Column("id", "text"),),
    groups={
        "made": (Column("made_ms", "integer"), Column("location", "text")),
        "named": (Column("project", "text"), Column("name", "text")),
        "erased": (Column("deleted", "boolean"),),
        "touched": (Column("touched_ms", "integer"),),
    },
    indexes=(("project", "name"),),
)
EXPERIMENT_TAGS = Table(
    name="experiment_tags",
    key=(Column("experiment", "text"), Column("name", "text")),
    groups={"tagged": (Column("value", "text", long=True),)},
    indexes=(("name", "value"),),
)


def _made(entry: Entry) -> Iterator[PutRow]:
    body = entry.body
    made_ms = integer(body, "made_ms")
    names = (text(body, "project"), text(body, "name"))
    values = (made_ms, text(body, "location"), *names, made_ms)
    yield PutRow("experiments", (entry.about,), ("made", "named", "touched"), values)


def _renamed(entry: Entry) -> Iterator[PutRow]:
    body = entry.body
    names = (text(body, "project"), text(body, "name"))
    if None not in names:
        values = (*names, stamp_to_ms(entry.at))
        yield PutRow("experiments", (entry.about,), ("named", "touched"), values)


def _tagged(entry: Entry) -> Iterator[Put]:
    for name in texts_in(entry.body, "unset"):
        yield Put("experiment_tags", (entry.about, name), "tagged", (None,))
    for name, value in mapping(entry.body, "set").items():
        yield Put("experiment_tags", (entry.about, name), "tagged", (str(value),))
    yield Put("experiments", (entry.about,), "touched", (stamp_to_ms(entry.at),))


def _deleted(entry: Entry) -> Iterator[PutRow]:
    values = (int(entry.body.get("deleted") is True), stamp_to_ms(entry.at))
    yield PutRow("experiments", (entry.about,), ("erased", "touched"), values)


ROOM = Room(
    name="experiments",
    tables=(EXPERIMENTS, EXPERIMENT_TAGS),
    folds={
        events.MADE: _made,
        events.RENAMED: _renamed,
        events.TAGGED: _tagged,
        events.DELETED: _deleted,
    },
)
