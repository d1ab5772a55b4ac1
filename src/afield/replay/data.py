"""Versions of data that a run took out of the record: what of them is not here to be read again."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Sequence

from afield.kernel.ids import ObjectId
from afield.replay.gaps import Gap
from afield.runs.manifest import DatasetRead
from afield.vault import Vault

NAMED_MAX = 3
_SHOWN = 12


def data_gaps(read: Sequence[DatasetRead], vault: Vault) -> Iterator[Gap]:
    """Yield what stands in the way of reading the same versions again.

    Raises:
        Damaged: the list of a version's files does not verify.
    """
    for one in read:
        if one.workspace is not None:
            told = f"{one.label} was read from another workspace, {one.workspace}"
            gone = not os.path.isdir(one.workspace)  # noqa: PTH112 - recorded text
            here = "which is not here" if gone else "and is looked up there again"
            yield Gap("input", f"{told}, {here}", missing=gone, note=not gone)
        elif lost := _not_here(one, vault):
            told = f"{one.label}: {lost} (afield fetch {one.name}@{one.tree[:_SHOWN]})"
            yield Gap("input", told, missing=True)
    for words, times in Counter(words for one in read for words in one.asked).items():
        if times > 1:
            told = f"{words} meant {times} versions while the run went on, and is looked up again"
            yield Gap("input", told, note=True)


def _not_here(one: DatasetRead, vault: Vault) -> str | None:
    """Return in words what of a version's bytes is not here; None when all that is needed is."""
    tree = ObjectId(one.tree)
    if not vault.has(tree):
        return "the list of its files is not here"
    files = {file.path: file.digest for file in one.files}
    if one.whole:
        files = {entry.path: entry.object for entry in vault.get_tree(tree)}
    lost = [path for path, digest in files.items() if not vault.has(ObjectId(digest))]
    if not lost:
        return None
    more = len(lost) - NAMED_MAX
    rest = f" and {more} more" if more > 0 else ""
    return f"the bytes of {', '.join(lost[:NAMED_MAX])}{rest} are not here"
