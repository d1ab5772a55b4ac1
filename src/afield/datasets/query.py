"""Questions about datasets, answered from the projection.

A version's number is its place among all versions of its name, dropped ones counted, in the
order of (`at`, `device`, `seq`): the same for everybody who has the same entries. Somebody who
added offline may see a number change once the others' versions arrive; the digest never does.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from afield.datasets.errors import DatasetNotFound, VersionAmbiguous, VersionNotFound
from afield.datasets.reference import Reference
from afield.kernel.clock import stamp_to_ms
from afield.kernel.ids import DeviceId, MemberId, ObjectId
from afield.projection import Projection
from afield.projection.owners import Ask

_SHOWN = 12
_COLUMNS = (
    'name, ROW_NUMBER() OVER (PARTITION BY name ORDER BY "at", device, seq), tree, profile,'
    ' message, files, size_bytes, "at", device, seq, member, source_kind, source_key, source,'
    " dropped"
)


class Version(msgspec.Struct, frozen=True):
    """One version of a dataset.

    Attributes:
        number: from 1, in the order in which the versions were added.
        tree: the object that lists its files; names the version for good.
        profile: a tree of statistics, or None.
        message: a text, or None.
        device: with `seq`, the entry that added it.
        source_kind: what it was brought from (`dvc`), None when it was added here.
        source_key: what it is called there.
        source: an object that tells more of that.
        dropped: it was put out of sight.
    """

    name: str
    number: int
    tree: ObjectId
    profile: ObjectId | None
    message: ObjectId | None
    files: int
    size_bytes: int
    at: int
    device: DeviceId
    seq: int
    member: MemberId
    source_kind: str | None
    source_key: str | None
    source: ObjectId | None
    dropped: bool

    @property
    def label(self) -> str:
        """The words that name it: `customers@3`."""
        return f"{self.name}@{self.number}"

    @property
    def added_ms(self) -> int:
        """When it was added, in Unix milliseconds."""
        return stamp_to_ms(self.at)


def versions(
    projection: Projection, name: str | None = None, *, dropped: bool = False
) -> list[Version]:
    """Return the versions of one dataset, or of all, by name and number."""
    return [one for one in numbered(projection.query, name) if dropped or not one.dropped]


def numbered(ask: Ask, name: str | None = None) -> list[Version]:
    """Return all versions, dropped ones too, of one dataset or of all; see `versions`."""
    where, args = ("", ()) if name is None else (" AND name = ?", (name,))
    sql = (
        f'SELECT {_COLUMNS} FROM dataset_versions WHERE "at" IS NOT NULL{where}'  # noqa: S608 - literals
        " ORDER BY 1, 2"
    )
    return [_version(row) for row in ask(sql, args)]


def names(projection: Projection) -> list[str]:
    """Return the names of datasets with a version that was not dropped."""
    return sorted({one.name for one in versions(projection)})


def latest(projection: Projection, name: str) -> Version | None:
    """Return a dataset's newest version, or None when it has none."""
    found = versions(projection, name)
    return found[-1] if found else None


def with_tree(projection: Projection, tree: ObjectId) -> list[Version]:
    """Return all versions that are this tree."""
    return [one for one in versions(projection) if one.tree == tree]


def resolve(projection: Projection, reference: Reference, *, dropped: bool = False) -> Version:
    """Return the version that words name.

    Raises:
        DatasetNotFound: there is no dataset of this name.
        VersionNotFound: it has no such version.
        VersionAmbiguous: several trees begin so.
    """
    name = reference.name
    found = versions(projection, name, dropped=True)
    if not any(dropped or not one.dropped for one in found):
        raise _no_dataset(projection, name, gone=bool(found))
    if reference.number is not None:
        fitting = [one for one in found if one.number == reference.number]
    elif reference.digest is not None:
        fitting = [one for one in found if one.tree.startswith(reference.digest)]
    else:
        fitting = [one for one in found if dropped or not one.dropped][-1:]
    kept = [one for one in fitting if dropped or not one.dropped]
    if not kept:
        raise _no_version(reference, found, gone=bool(fitting))
    if len({one.tree for one in kept}) > 1:
        known = ", ".join(f"{one.label} ({one.tree[:12]})" for one in kept[:_SHOWN])
        hint = "give more of the digest, or the number"
        raise VersionAmbiguous("several versions fit", reference.digest, known, hint=hint)
    return kept[-1]


def _no_dataset(projection: Projection, name: str, *, gone: bool) -> DatasetNotFound:
    if gone:
        hint = f"afield data drop {name} --undo"
        return DatasetNotFound("no such dataset", name, "all its versions were dropped", hint=hint)
    from difflib import get_close_matches

    known = names(projection)
    near = get_close_matches(name, known, n=1)
    why = f"did you mean `{near[0]}`?" if near else None
    hint = "afield data list" if known else f"afield data add PATH --name {name}"
    return DatasetNotFound("no such dataset", name, why, hint=hint)


def _no_version(reference: Reference, found: Sequence[Version], *, gone: bool) -> VersionNotFound:
    which = reference.number if reference.number is not None else reference.digest
    label = f"{reference.name}@{which}"
    if gone:
        hint = f"afield data drop {label} --undo"
        return VersionNotFound("no such version", label, "it was dropped", hint=hint)
    numbers = [one.number for one in found if not one.dropped]
    why = f"it has {', '.join(map(str, numbers[-_SHOWN:]))}"
    if len(numbers) > _SHOWN:
        why = f"it has {len(numbers)} versions, the newest is {numbers[-1]}"
    return VersionNotFound("no such version", label, why, hint=f"afield data show {reference.name}")


def _version(row: tuple[Any, ...]) -> Version:
    name, number, tree, profile, message, files, size_bytes, at, device, seq, *more = row
    member, source_kind, source_key, source, dropped = more
    return Version(
        name=name,
        number=number,
        tree=tree,
        profile=profile,
        message=message,
        files=files or 0,
        size_bytes=size_bytes or 0,
        at=at,
        device=device,
        seq=seq,
        member=member,
        source_kind=source_kind,
        source_key=source_key,
        source=source,
        dropped=bool(dropped),
    )
