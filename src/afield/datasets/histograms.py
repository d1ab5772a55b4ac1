"""Histograms of a version's columns, from the sketches that its profile keeps for each table.

No format of its own: the share of the rows in a bucket is how far the rank moves between its ends,
off by about `quantiles.RANK_ERROR` at each.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable
from typing import Any

from afield.datasets.columns import NUMBER, Column, Columns
from afield.datasets.limits import HISTOGRAM_BUCKETS, HISTOGRAM_BYTES_MAX, PROFILED_FILES_MAX
from afield.datasets.profile import grouped, tables_of
from afield.kernel.ids import ObjectId
from afield.vault import TreeEntry, Vault


def histograms_of(
    entries: Iterable[TreeEntry], vault: Vault, profile: ObjectId
) -> list[dict[str, Any]]:
    """Return the histograms of each table of a version, as `profile` groups their files.

    Those of a table are missing where its sketches are more than is read at once.

    Raises:
        Damaged: parts of the profile are not here whole.
    """
    parts = {entry.path: entry for entry in vault.get_tree(profile)}
    left = HISTOGRAM_BYTES_MAX
    read: list[tuple[TreeEntry, dict[str, Any]]] = []
    for entry in tables_of(entries)[:PROFILED_FILES_MAX]:
        part = parts.get(f"files/{entry.object}.json")
        if part is None:  # it was not read as a table
            continue
        left -= part.size_bytes
        if left < 0:
            return []
        read.append((entry, json.loads(vault.get(part.object))))
    return [
        {"path": min(entry.path for entry, _ in group), "columns": _columns(group)}
        for group in grouped(read)
    ]


def _columns(group: list[tuple[TreeEntry, dict[str, Any]]]) -> list[dict[str, Any]]:
    columns = Columns()
    for _, found in group:
        columns.merge(map(Column.from_json, found["columns"]), found["rows"])
    return [
        {"name": one.name, **buckets}
        for one in columns.found.values()
        if (buckets := buckets_of(one)) is not None
    ]


def buckets_of(column: Column) -> dict[str, Any] | None:
    """Return `from`, `to` and the `shares` of the rows in buckets of equal width between them.

    None where the column holds no numbers, or one alone.
    """
    least, greatest = column.least, column.greatest
    if column.family != NUMBER or not column.quantiles.count:
        return None
    if not isinstance(least, int | float) or not isinstance(greatest, int | float):
        return None
    count, begin, end = HISTOGRAM_BUCKETS, float(least), float(greatest)
    if isinstance(least, int) and isinstance(greatest, int) and greatest - least < count:
        count, begin, end = greatest - least + 1, least - 0.5, greatest + 0.5
    width = (end - begin) / count
    if not 0 < width < float("inf") or least == greatest:
        return None
    inner = column.quantiles.ranks([begin + width * each for each in range(1, count)])
    ranks = [0.0, *inner, 1.0]
    shares = [after - before for before, after in itertools.pairwise(ranks)]
    return {"from": begin, "to": end, "shares": [round(share, 6) for share in shares]}
