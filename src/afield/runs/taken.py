"""Which versions of data a run took out of a record: single taken, joined by version.

They come from the run's processes (`runs.capture.datasets_read`), or from the process that keeps
the run itself, of which nothing else is watched: then they are facts of their own.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import NamedTuple

import msgspec

from afield.journal import Draft
from afield.kernel.ids import ObjectId, RunId
from afield.runs.manifest import DatasetFile, DatasetRead
from afield.runs.models.events import took
from afield.vault import Vault

WHOLE = "."
"""The path of a version that was handed out as a folder."""

VERSIONS_MAX = 1_000
"""Versions of datasets that one record names."""

FILES_MAX = 1_000
"""Files of one version that are named; of more, the version stands for all of them."""


class Taken(NamedTuple):
    """That a program took a version, or a file of it; see `docs/format/trace.md`."""

    asked: str
    workspace: str
    name: str
    number: int
    tree: str
    added_ms: int
    path: str
    digest: str
    size_bytes: int
    where: str | None = None


class Told(msgspec.Struct, frozen=True, omit_defaults=True):
    """What the object of a fact `run.took` says of a version."""

    name: str
    digest: str
    source: str
    read: DatasetRead
    source_type: str = "afield"


def joined(taken: Iterable[Taken], workspace: str) -> tuple[DatasetRead, ...]:
    """Return the versions that were taken, in the order of the first time.

    Args:
        taken: in the order of time.
        workspace: the folder of the record that holds the run.
    """
    found: dict[tuple[str, str, str], list[Taken]] = {}
    for one in taken:
        found.setdefault((one.workspace, one.name, one.tree), []).append(one)
    return tuple(_version(some, workspace) for some in list(found.values())[:VERSIONS_MAX])


def _version(taken: list[Taken], workspace: str) -> DatasetRead:
    first = taken[0]
    files = {
        one.path: DatasetFile(path=_shown(one.path), digest=one.digest, size_bytes=one.size_bytes)
        for one in taken
        if one.path not in {"", WHOLE}
    }
    whole = len(files) > FILES_MAX or any(one.path == WHOLE for one in taken)
    return DatasetRead(
        name=first.name,
        number=first.number,
        tree=first.tree,
        added_ms=first.added_ms,
        asked=tuple(dict.fromkeys(one.asked for one in taken)),
        whole=whole,
        files=() if whole else tuple(files.values()),
        where=next((one.where for one in taken if one.where), None),
        workspace=None if _is_same(first.workspace, workspace) else _shown(first.workspace),
    )


def drafts(vault: Vault, run: RunId, taken: Iterable[Taken], workspace: str) -> list[Draft]:
    """Return the facts that a run took these versions; their objects are put, not flushed."""
    found = []
    for read in joined(taken, workspace):
        told = Told(read.name, read.tree, f"afield://{read.label}", read)
        described: ObjectId = vault.put(msgspec.json.encode(told), meta=True)
        found.append(took(run, name=read.name, digest=read.tree, tags={}, described=described))
    return found


def read_back(data: bytes) -> DatasetRead | None:
    """Return the version that the object of a fact tells of; None when it tells of other data."""
    try:
        return msgspec.json.decode(data, type=Told).read
    except msgspec.MsgspecError:
        return None


def _is_same(folder: str, other: str) -> bool:
    return folder == other or os.path.realpath(folder) == os.path.realpath(other)


def _shown(path: str) -> str:
    return path.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
