"""From facts about traces to their tables; pure, and forgiving towards later versions.

What is added up over the batches of a trace, no fold can add up: entries come in any order. The
questions in `query` do.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from afield.journal import Entry
from afield.projection import Add, Column, Put, PutRow, Room, Table
from afield.projection.owners import Ask, Owner, Owners
from afield.runs.experiments.bodies import integer, mapping, text, texts_in
from afield.traces import events

TRACES = Table(
    name="traces",
    key=(Column("id", "text"),),
    groups={
        "once": (Column("first_experiment", "text"), Column("first_at", "integer")),
        "told": (
            Column("experiment", "text"),
            Column("request_ms", "integer"),
            Column("duration_ms", "integer"),
            Column("state", "text"),
            Column("client", "text"),
            Column("previews", "text"),
        ),
        "erased": (Column("deleted", "integer"),),
    },
    indexes=(("experiment", "request_ms"), ("first_experiment",)),
)
BATCHES = Table(
    name="trace_batches",
    key=(Column("trace", "text"), Column("object", "text")),
    groups={
        "once": (
            Column("spans", "integer"),
            Column("start_ms", "integer"),
            Column("end_ms", "integer"),
            Column("state", "text"),
            Column("previews", "text"),
            Column("tokens", "text"),
            Column("cost", "text"),
        ),
    },
)
METADATA = Table(
    name="trace_metadata",
    key=(Column("trace", "text"), Column("name", "text")),
    groups={
        "told": (Column("value", "text", long=True),),
        "seen": (Column("seen_value", "text", long=True),),
    },
    indexes=(("name", "value"), ("name", "seen_value")),
)
TAGS = Table(
    name="trace_tags",
    key=(Column("trace", "text"), Column("name", "text")),
    groups={"tagged": (Column("value", "text", long=True),)},
    indexes=(("name", "value"),),
)
ASSESSMENTS = Table(
    name="trace_assessments",
    key=(Column("trace", "text"), Column("id", "text")),
    groups={
        "once": (Column("first_at", "integer"),),
        "told": (
            Column("name", "text"),
            Column("what", "text"),
            Column("document", "text"),
            Column("value", "text"),
            Column("overrides", "text"),
            Column("in_session", "integer"),
        ),
        "erased": (Column("deleted", "integer"),),
    },
    indexes=(("name",),),
)
LINKS = Table(
    name="trace_links",
    key=(Column("trace", "text"), Column("way", "text"), Column("other", "text")),
    groups={"once": (Column("at", "integer"),)},
    indexes=(("other",),),
)


def _told(entry: Entry) -> Iterator[Put | PutRow]:
    body = entry.body
    experiment, request_ms = text(body, "experiment"), integer(body, "request_ms")
    state = text(body, "state")
    if experiment is None or request_ms is None or state not in events.STATES:
        return
    yield Put("traces", (entry.about,), "once", (experiment, entry.at))
    told = (experiment, request_ms, integer(body, "duration_ms"), state, text(body, "client"))
    values = (*told, text(body, "previews"), 0)
    yield PutRow("traces", (entry.about,), ("told", "erased"), values)
    yield from _metadata(entry, "told")
    yield from _tags(entry, "tags")


def _spanned(entry: Entry) -> Iterator[Put | Add]:
    body = entry.body
    experiment, spans = text(body, "experiment"), text(body, "spans")
    count, start_ms = integer(body, "count"), integer(body, "start_ms")
    if experiment is None or spans is None or count is None or start_ms is None:
        return
    yield Put("traces", (entry.about,), "once", (experiment, entry.at))
    state = text(body, "state")
    row = (
        *(entry.about, spans, count, start_ms, integer(body, "end_ms")),
        *(state if state in events.STATES else None, text(body, "previews")),
        *(_numbers(entry, "tokens"), _numbers(entry, "cost")),
    )
    yield Add("trace_batches", row)
    yield from _metadata(entry, "seen")
    yield from _tags(entry, "tags")


def _tagged(entry: Entry) -> Iterator[Put]:
    for name in texts_in(entry.body, "unset"):
        yield Put("trace_tags", (entry.about, name), "tagged", (None,))
    yield from _tags(entry, "set")
    yield from _metadata(entry, "told")


def _assessed(entry: Entry) -> Iterator[Put]:
    body = entry.body
    found, name, what = text(body, "id"), text(body, "name"), text(body, "what")
    document = text(body, "document")
    if found is None or name is None or what is None or document is None:
        return
    key = (entry.about, found)
    value = body.get("value")
    plain = value if isinstance(value, str | int | float | bool) else None
    shown = None if plain is None else msgspec.json.encode(plain).decode()
    session = int(body.get("in_session") is True)
    yield Put("trace_assessments", key, "once", (entry.at,))
    told = (name, what, document, shown, text(body, "overrides"), session)
    yield Put("trace_assessments", key, "told", told)


def _unassessed(entry: Entry) -> Iterator[Put]:
    found = text(entry.body, "id")
    if found is not None:
        yield Put("trace_assessments", (entry.about, found), "erased", (1,))


def _linked(entry: Entry) -> Iterator[Add]:
    for way, named in ((events.RUN, "runs"), (events.PROMPT, "prompts")):
        for other in dict.fromkeys(texts_in(entry.body, named)):
            yield Add("trace_links", (entry.about, way, other, entry.at))


def _deleted(entry: Entry) -> Iterator[Put]:
    gone = int(entry.body.get("deleted") is True)
    yield Put("traces", (entry.about,), "erased", (gone,))


def _metadata(entry: Entry, group: str) -> Iterator[Put]:
    for name, value in mapping(entry.body, "metadata").items():
        yield Put("trace_metadata", (entry.about, name), group, (str(value),))


def _tags(entry: Entry, named: str) -> Iterator[Put]:
    for name, value in mapping(entry.body, named).items():
        yield Put("trace_tags", (entry.about, name), "tagged", (str(value),))


def _numbers(entry: Entry, named: str) -> str | None:
    found = {
        name: value
        for name, value in mapping(entry.body, named).items()
        if isinstance(value, int | float) and not isinstance(value, bool)
    }
    return msgspec.json.encode(found, order="sorted").decode() if found else None


def _known(ask: Ask) -> Iterator[Owner]:
    sql = (
        "SELECT t.id, COALESCE(e.project, ''), t.deleted FROM traces t LEFT JOIN experiments e"
        " ON e.id = COALESCE(t.experiment, t.first_experiment) WHERE t.first_at IS NOT NULL"
    )
    for trace, project, gone in ask(sql, ()):
        yield Owner("trace", trace, trace, project, live=not gone)


_WITH_OBJECTS = frozenset({events.TOLD, events.SPANNED, events.TAGGED, events.ASSESSED})
ROOM = Room(
    name="traces",
    tables=(TRACES, BATCHES, METADATA, TAGS, ASSESSMENTS, LINKS),
    folds={
        events.TOLD: _told,
        events.SPANNED: _spanned,
        events.TAGGED: _tagged,
        events.ASSESSED: _assessed,
        events.UNASSESSED: _unassessed,
        events.LINKED: _linked,
        events.DELETED: _deleted,
    },
    owners=(Owners("trace", _WITH_OBJECTS, lambda entry: entry.about, _known),),
)
