"""Which objects are a run's: all that an entry about it names."""

from __future__ import annotations

from collections.abc import Iterator

from afield.projection.owners import Ask, Owner, Owners
from afield.runs import events
from afield.runs.models.events import TOOK

KIND = "run"
_SQL = "SELECT id, name, project, deleted FROM runs WHERE started_ms IS NOT NULL"


def _known(ask: Ask) -> Iterator[Owner]:
    for run, name, project, deleted in ask(_SQL, ()):
        yield Owner(KIND, run, name or run, project or "", live=not deleted)


RUNS = Owners(
    kind=KIND,
    events=frozenset({*events.EVENTS, TOOK}),
    key=lambda entry: entry.about,
    known=_known,
)
