"""Versions that come from elsewhere: which of them are here already, and adding the rest.

A state is known again by its key (a digest of its content there), counted: states A, B, A are
three versions. So an import can be repeated, stopped anywhere, and gone on with.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from afield.datasets import events
from afield.datasets.add import Kept, Progress
from afield.datasets.profile import profile
from afield.datasets.query import Version, latest, versions
from afield.datasets.source import Source, describe
from afield.journal import Draft
from afield.workspace.workspace import Workspace


@dataclass(frozen=True, slots=True)
class State:
    """The data at one moment, elsewhere.

    Attributes:
        key: tells its content from others'.
        about: what is known of it; see `datasets.source.FIELDS`.
        message: a word on it, secrets replaced.
        keep: puts its files into the vault; asked at most once, and only when it is new. None:
            they turned out not to be what they are called; the state is passed over.
    """

    key: str
    about: Mapping[str, str]
    message: str
    keep: Callable[[], Kept | None]


def known_keys(workspace: Workspace, name: str, kind: str) -> list[str]:
    """Return the keys of the versions that were brought before, dropped ones too."""
    found = versions(workspace.projection, name, dropped=True)
    return [one.source_key for one in found if one.source_kind == kind and one.source_key]


def fresh(keys: Sequence[str], known: Sequence[str]) -> list[int]:
    """Return the places of the keys that were not brought before, each counted."""
    left = Counter(known)
    places = []
    for place, key in enumerate(keys):
        if left[key] > 0:
            left[key] -= 1
        else:
            places.append(place)
    return places


def bring(
    workspace: Workspace,
    name: str,
    kind: str,
    states: Sequence[State],
    *,
    profiling: Progress | None,
) -> list[Version]:
    """Add the states that are new, oldest first; return the versions that they became.

    States that come late (their bytes were missing the first time) must not be the newest
    version: what was the newest before is then stated again behind them.

    Args:
        workspace: where to.
        name: of the dataset.
        kind: of the source.
        states: all of them, oldest first, no two alike in a row.
        profiling: is told of each table that is looked into; None: no table is.

    Raises:
        Whatever `keep` of a state raises; what was added before stays.
    """
    keys = [state.key for state in states]
    todo = fresh(keys, known_keys(workspace, name, kind))
    before = latest(workspace.projection, name)
    newest = max(set(range(len(keys))) - set(todo), default=-1)
    last = newest
    made: list[Version] = []
    for place in todo:
        state = states[place]
        kept = state.keep()
        if kept is None:
            continue
        last = place
        draft = _draft(workspace, name, kind, state, kept, profiling=profiling)
        made.append(_add(workspace, draft))
    if last < newest and before is not None:
        _add(workspace, _again(before))
    return made


def _add(workspace: Workspace, draft: Draft) -> Version:
    workspace.record.vault.flush()
    workspace.record.journal.append_many([draft], durable=True)
    workspace.refresh()
    found = latest(workspace.projection, draft.about)
    assert found is not None, "a version was just added"
    return found


def _draft(
    workspace: Workspace,
    name: str,
    kind: str,
    state: State,
    kept: Kept,
    *,
    profiling: Progress | None,
) -> Draft:
    vault = workspace.record.vault
    statistics = None
    if profiling is not None:
        before = latest(workspace.projection, name)
        earlier = before.profile if before else None
        statistics = profile(
            kept.tables, vault, before=earlier, progress=profiling, left=kept.tables_left
        )
    text = state.message.encode("utf-8", "replace")
    return events.added(
        name,
        tree=kept.tree,
        files=kept.files,
        size_bytes=kept.size_bytes,
        profile=statistics,
        message=vault.put(text, meta=True) if text else None,
        source=Source(kind, state.key, describe(state.about, vault)),
    )


def _again(version: Version) -> Draft:
    source = None
    if version.source_kind and version.source_key and version.source:
        source = Source(version.source_kind, version.source_key, version.source)
    return events.added(
        version.name,
        tree=version.tree,
        files=version.files,
        size_bytes=version.size_bytes,
        profile=version.profile,
        message=version.message,
        source=source,
    )
