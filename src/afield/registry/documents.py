"""What can be found of registered models: names, aliases, stages, tags, and what was said."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from afield.projection.documents import Document, Documents, Prose, batches
from afield.projection.owners import Ask
from afield.registry import events, query

_SAID_MAX = 100
_IDS = f"SELECT r.id FROM {query.MODELS} r ORDER BY r.id"  # noqa: S608 - literals
_ALL = f"SELECT {query.MODEL_COLUMNS} FROM {query.MODELS} r"  # noqa: S608 - literals


def _found(ask: Ask, abouts: Sequence[str] | None) -> Iterator[Document]:
    for some, marks in batches(ask, _IDS, abouts):
        rows = ask(f"{_ALL} WHERE r.id IN ({marks})", some)
        aliases, tags = query.aliases(ask, some), query.model_tags(ask, some)
        versions: dict[str, list[query.ModelVersion]] = {}
        for one in query.versions_where(ask, f"v.model IN ({marks})", some):
            versions.setdefault(one.model, []).append(one)
        for row in rows:
            model = query.model_of_row(row)
            mine = versions.get(model.id, [])
            said = [model.description, *(one.description for one in mine[:_SAID_MAX])]
            pairs = [f"{name} {value}" for name, value in tags.get(model.id, {}).items()]
            sources = [f"{one.stage} {one.source}" for one in mine[:_SAID_MAX]]
            yield Document(
                sort="model",
                key=model.id,
                id=model.name,
                about=model.id,
                label=f"{model.name}@{mine[0].number}" if mine else model.name,
                title=model.name,
                project=model.project,
                at_ms=max(model.made_ms, *(one.made_ms for one in mine), 0),
                author=mine[0].member if mine else None,
                detail=", ".join(aliases.get(model.id, {})) or None,
                text=" ".join([*aliases.get(model.id, {}), *pairs, *dict.fromkeys(sources)]),
                names=model.name,
                prose=tuple(Prose(each) for each in said if each),
            )


DOCUMENTS = Documents(
    name="registry",
    sorts=("model",),
    kinds=frozenset(events.EVENTS),
    found=_found,
)
