"""The facts that this room writes to the journal: one builder per kind, nothing else.

`about` is the dataset's name. A version is known for good by the device and sequence number of
its entry; its number follows from all entries together (see `query`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from afield.datasets.source import Source
from afield.journal import Draft
from afield.kernel.ids import ObjectId

ADDED = "dataset.added"
CARDED = "dataset.carded"
DROPPED = "dataset.dropped"

EVENTS = (ADDED, CARDED, DROPPED)


def added(
    name: str,
    *,
    tree: ObjectId,
    files: int,
    size_bytes: int,
    profile: ObjectId | None = None,
    message: ObjectId | None = None,
    source: Source | None = None,
) -> Draft:
    """Say that a tree is a version; `profile` is a tree, too, and `message` a text."""
    body: dict[str, object] = {"tree": tree, "files": files, "size_bytes": size_bytes}
    refs = [tree]
    if profile is not None:
        body["profile"] = profile
        refs.append(profile)
    if message is not None:
        body["message"] = message
        refs.append(message)
    if source is not None:
        body["source"] = {"kind": source.kind, "key": source.key, "about": source.about}
        refs.append(source.about)
    return Draft(ADDED, name, body, tuple(refs))


def carded(
    name: str, *, prose: Mapping[str, ObjectId | None], labels: Mapping[str, str | None]
) -> Draft:
    """Set fields of a data card; None clears one. Labels are enumerations, prose is objects."""
    refs = tuple(found for found in prose.values() if found is not None)
    return Draft(CARDED, name, {"prose": dict(prose), "labels": dict(labels)}, refs)


def dropped(name: str, versions: Sequence[tuple[str, int]], *, gone: bool) -> Draft:
    """Put versions, by device and sequence number, out of sight, or bring them back."""
    return Draft(DROPPED, name, {"versions": [list(one) for one in versions], "dropped": gone})
