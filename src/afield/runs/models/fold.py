"""From facts about logged models, inputs and outputs to their tables."""

from __future__ import annotations

import json
from collections.abc import Iterator

from afield.journal import Entry
from afield.kernel.clock import stamp_to_ms
from afield.projection import Add, Column, Put, PutRow, Room, Table
from afield.projection.owners import Ask, Owner, Owners
from afield.runs.experiments.bodies import integer, mapping, mappings_in, real, text, texts_in
from afield.runs.models import events

_FILE = (Column("object", "text"), Column("size_bytes", "integer"))
MODELS = Table(
    name="logged_models",
    key=(Column("id", "text"),),
    groups={
        "made": (
            Column("experiment", "text"),
            Column("name", "text"),
            Column("made_ms", "integer"),
            Column("model_type", "text"),
            Column("run", "text"),
        ),
        "reached": (Column("status", "text"),),
        "erased": (Column("deleted", "boolean"),),
        "touched": (Column("touched_ms", "integer"),),
    },
    indexes=(("experiment", "made_ms"), ("run",)),
)
PARAMS = Table(
    name="logged_model_params",
    key=(Column("model", "text"), Column("name", "text")),
    groups={"once": (Column("value", "text"),)},
    indexes=(("name", "value"),),
)
TAGS = Table(
    name="logged_model_tags",
    key=(Column("model", "text"), Column("name", "text")),
    groups={"tagged": (Column("value", "text", long=True),)},
    indexes=(("name", "value"),),
)
METRICS = Table(
    name="logged_model_metrics",
    key=(
        Column("model", "text"),
        Column("name", "text"),
        Column("dataset", "text"),
        Column("digest", "text"),
        Column("run", "text"),
        Column("time_ms", "integer"),
        Column("step", "integer"),
    ),
    groups={"once": (Column("value", "real"),)},
    indexes=(("name", "value"),),
)
FILES = Table(
    name="logged_model_files",
    key=(Column("model", "text"), Column("path", "text")),
    groups={"file": _FILE},
)
INPUTS = Table(
    name="run_datasets",
    key=(Column("run", "text"), Column("name", "text"), Column("digest", "text")),
    groups={"once": (Column("context", "text"), Column("tags", "text"), Column("object", "text"))},
    indexes=(("name", "digest"),),
)
LINKS = Table(
    name="run_models",
    key=(Column("run", "text"), Column("way", "text"), Column("model", "text")),
    groups={"once": (Column("step", "integer"),)},
    indexes=(("model",),),
)
KEPT = Table(name="kept_files", key=(Column("path", "text"),), groups={"file": _FILE})

CONTEXT = "mlflow.data.context"
"""The tag of an input that says what the data was for: training, say."""


def _made(entry: Entry) -> Iterator[PutRow]:
    body = entry.body
    made_ms = integer(body, "made_ms")
    texts = (text(body, "model_type"), text(body, "run"), text(body, "status"))
    values = (text(body, "experiment"), text(body, "name"), made_ms, *texts, made_ms)
    yield PutRow("logged_models", (entry.about,), ("made", "reached", "touched"), values)


def _params(entry: Entry) -> Iterator[Add]:
    for name, value in mapping(entry.body, "params").items():
        yield Add("logged_model_params", (entry.about, name, str(value)))


def _tagged(entry: Entry) -> Iterator[Put]:
    for name in texts_in(entry.body, "unset"):
        yield Put("logged_model_tags", (entry.about, name), "tagged", (None,))
    for name, value in mapping(entry.body, "set").items():
        yield Put("logged_model_tags", (entry.about, name), "tagged", (str(value),))


def _state(entry: Entry) -> Iterator[PutRow]:
    values = (text(entry.body, "status"), stamp_to_ms(entry.at))
    yield PutRow("logged_models", (entry.about,), ("reached", "touched"), values)


def _measured(entry: Entry) -> Iterator[Add]:
    run = text(entry.body, "run") or ""
    for point in mappings_in(entry.body, "points"):
        name, step, time_ms = text(point, "name"), integer(point, "step"), integer(point, "time_ms")
        if name is not None and step is not None and time_ms is not None:
            data = (text(point, "dataset") or "", text(point, "digest") or "")
            key = (entry.about, name, *data, run, time_ms, step)
            yield Add("logged_model_metrics", (*key, real(point, "value")))


def _saved(entry: Entry) -> Iterator[Put]:
    path = text(entry.body, "path")
    if path is not None:
        values = (text(entry.body, "object"), integer(entry.body, "size_bytes"))
        yield Put("logged_model_files", (entry.about, path), "file", values)


def _deleted(entry: Entry) -> Iterator[PutRow]:
    values = (int(entry.body.get("deleted") is True), stamp_to_ms(entry.at))
    yield PutRow("logged_models", (entry.about,), ("erased", "touched"), values)


def _took(entry: Entry) -> Iterator[Add]:
    body = entry.body
    model, name, digest = text(body, "model"), text(body, "name"), text(body, "digest")
    if model is not None:
        yield Add("run_models", (entry.about, "in", model, None))
    elif name is not None and digest is not None:
        tags = {key: str(value) for key, value in mapping(body, "tags").items()}
        told = (tags.get(CONTEXT), json.dumps(tags, sort_keys=True), text(body, "described"))
        yield Add("run_datasets", (entry.about, name, digest, *told))


def _gave(entry: Entry) -> Iterator[Add]:
    model = text(entry.body, "model")
    if model is not None:
        yield Add("run_models", (entry.about, "out", model, integer(entry.body, "step")))


def _kept(entry: Entry) -> Iterator[Put]:
    values = (text(entry.body, "object"), integer(entry.body, "size_bytes"))
    yield Put("kept_files", (entry.about,), "file", values)


def _known_models(ask: Ask) -> Iterator[Owner]:
    sql = "SELECT id, name, experiment, deleted FROM logged_models WHERE made_ms IS NOT NULL"
    for model, name, experiment, deleted in ask(sql, ()):
        yield Owner("model", model, name or model, experiment or "", live=not deleted)


def _known_files(ask: Ask) -> Iterator[Owner]:
    for path, found in ask("SELECT path, object FROM kept_files", ()):
        yield Owner("file", path, path, "", live=found is not None)


_OF_MODELS = frozenset({events.PARAMS, events.SAVED})
ROOM = Room(
    name="models",
    tables=(MODELS, PARAMS, TAGS, METRICS, FILES, INPUTS, LINKS, KEPT),
    folds={
        events.MADE: _made,
        events.PARAMS: _params,
        events.TAGGED: _tagged,
        events.STATE: _state,
        events.MEASURED: _measured,
        events.SAVED: _saved,
        events.DELETED: _deleted,
        events.TOOK: _took,
        events.GAVE: _gave,
        events.KEPT: _kept,
    },
    owners=(
        Owners("model", _OF_MODELS, lambda entry: entry.about, _known_models),
        Owners("file", frozenset({events.KEPT}), lambda entry: entry.about, _known_files),
    ),
)
