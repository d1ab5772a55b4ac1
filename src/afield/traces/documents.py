"""What can be found of traces: names, tags, what was asked and answered, what was found of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from afield.projection.documents import Document, Documents, Prose, Words, batches
from afield.projection.owners import Ask
from afield.runs.experiments import events as experiments
from afield.traces import events, previews, query

_NAME = "mlflow.traceName"
_IDS = f"SELECT t.id FROM traces t WHERE {query.THERE} ORDER BY t.id"  # noqa: S608 - literals
_DEFAULT = "default"
_OWN = "mlflow."
"""How the tags begin that no person set."""


def _found(ask: Ask, abouts: Sequence[str] | None) -> Iterator[Document]:
    projects = _projects(ask)
    for some, _ in batches(ask, _IDS, abouts):
        found = query.traces_of(ask, some)
        ids = [one.id for one in found]
        tags, assessed = query.tags(ask, ids), query.assessments(ask, ids)
        for one in found:
            own = tags.get(one.id, {})
            pairs = [f"{name} {value}" for name, value in own.items() if name[:7] != _OWN]
            name = own.get(_NAME) or ""
            judged = assessed.get(one.id, [])
            asked = [Prose(each, _of_previews) for each in one.previews]
            yield Document(
                sort="trace",
                key=one.id,
                id=one.id,
                about=one.id,
                label=name or one.id,
                title=name,
                project=projects.get(one.experiment, _DEFAULT),
                at_ms=one.request_ms,
                detail=one.state,
                text=" ".join([one.id, *pairs, *(each.name for each in judged)]),
                names=f"{one.id} {name}",
                prose=(*asked, *(Prose(each.document, _of_assessment) for each in judged)),
            )


def _projects(ask: Ask) -> dict[str, str]:
    """Return the projects of experiments, by id; of some experiments only runs tell."""
    known = {
        experiments.id_of(project, name): project
        for project, name in ask("SELECT DISTINCT project, experiment FROM runs", ())
        if project and name
    }
    known[experiments.DEFAULT_ID] = _DEFAULT
    sql = "SELECT id, project FROM experiments WHERE name IS NOT NULL"
    return known | dict(ask(sql, ()))


def _of_previews(data: bytes) -> Words:
    found = previews.decode(data)
    return Words(" ".join(filter(None, (found.request, found.response))))


def _of_assessment(data: bytes) -> Words:
    found = msgspec.json.decode(data)
    said = [found.get("rationale"), (found.get("feedback") or {}).get("value")]
    return Words(" ".join(each for each in said if isinstance(each, str)))


DOCUMENTS = Documents(
    name="traces",
    sorts=("trace",),
    kinds=frozenset(events.EVENTS),
    found=_found,
    wide=frozenset(experiments.EVENTS),
)
