"""The profile of a version: what its tables hold, without the tables.

A tree: `summary.json`, and `files/<digest>.json` for each table, so that a table that has not
changed is not read again. It holds values of the data (least, greatest, quantiles), so it stands
in data packs and goes where the data may go.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from afield.datasets.columns import Column, Columns
from afield.datasets.errors import LibraryMissing, NotATable
from afield.datasets.limits import PROFILED_FILES_MAX
from afield.datasets.tables import Retyped, Table, format_of
from afield.kernel.errors import AfieldError
from afield.kernel.ids import ObjectId
from afield.vault import TreeEntry, Vault
from afield.vault.tree import FILE, SYMLINK

VERSION = 1
SUMMARY = "summary.json"
Progress = Callable[[int, int], None]


def tables_of(entries: Iterable[TreeEntry]) -> list[TreeEntry]:
    """Return the files that are tables by their names, the largest first, then by path."""
    found = [
        entry
        for entry in entries
        if entry.mode != SYMLINK and entry.size_bytes and format_of(entry.path) is not None
    ]
    return sorted(found, key=lambda entry: (-entry.size_bytes, entry.path))


def profile(
    entries: Iterable[TreeEntry],
    vault: Vault,
    *,
    before: ObjectId | None,
    progress: Progress,
    left: int = 0,
) -> ObjectId | None:
    """Keep the profile of a version; None when no file of it is a table. Not flushed.

    Args:
        entries: the version's files.
        vault: where their bytes are, and the profile goes.
        before: the profile of an earlier version, whose parts are used again.
        progress: is told of each table.
        left: how many smaller tables there are besides, which nobody looks into.

    Raises:
        Damaged: bytes in the vault are damaged or missing.
    """
    tables = tables_of(entries)
    if not tables:
        return None
    known = _parts(vault, before)
    parts: dict[str, ObjectId] = {}
    read: list[tuple[TreeEntry, dict[str, Any]]] = []
    skipped = []
    for entry in tables[:PROFILED_FILES_MAX]:
        name = f"files/{entry.object}.json"
        try:
            found = _known(vault, parts.get(name) or known.get(name), entry)
            if found is None:
                found = profile_table(entry, vault)
            parts[name] = vault.put(_encode(found))
            read.append((entry, found))
        except (NotATable, LibraryMissing) as error:
            skipped.append({"path": entry.path, "why": error.why or error.what})
        progress(1, entry.size_bytes)
    summary = {
        "v": VERSION,
        "tables": _groups(read),
        "skipped": skipped,
        "not_read": len(tables) - len(tables[:PROFILED_FILES_MAX]) + left,
    }
    parts[SUMMARY] = vault.put(_encode(summary))
    return vault.put_tree(
        TreeEntry(path, FILE, vault.size(found), found) for path, found in parts.items()
    )


def profile_table(entry: TreeEntry, vault: Vault) -> dict[str, Any]:
    """Return what one table holds, with sketches.

    Raises:
        NotATable: it cannot be read as what its name says.
    """
    table = Table(entry.path, lambda: vault.open(entry.object))
    while True:
        columns = Columns()
        try:
            for batch in table.batches():
                columns.add(batch)
        except Retyped:
            continue
        return {
            "v": VERSION,
            "format": table.format,
            "rows": columns.rows,
            "columns": [column.to_json(sketches=True) for column in columns.found.values()],
            "columns_not_read": len(columns.dropped),
            "repeated": list(table.repeated),
        }


def summary_of(vault: Vault, found: ObjectId) -> dict[str, Any]:
    """Return the summary in a profile, without sketches.

    Raises:
        Damaged: it is not here whole.
    """
    for entry in vault.get_tree(found):
        if entry.path == SUMMARY:
            summary: dict[str, Any] = json.loads(vault.get(entry.object))
            return summary
    return {"v": VERSION, "tables": [], "skipped": [], "not_read": 0}


def grouped(
    read: Sequence[tuple[TreeEntry, dict[str, Any]]],
) -> list[list[tuple[TreeEntry, dict[str, Any]]]]:
    """Return tables with the same names of columns together: the parts of one table."""
    groups: dict[tuple[str, ...], list[tuple[TreeEntry, dict[str, Any]]]] = {}
    for entry, found in read:
        names = tuple(sorted(column["name"] for column in found["columns"]))
        groups.setdefault(names, []).append((entry, found))
    return list(groups.values())


def _groups(read: Sequence[tuple[TreeEntry, dict[str, Any]]]) -> list[dict[str, Any]]:
    """Merge the parts of each table."""
    merged = []
    for group in grouped(read):
        columns = Columns()
        for _, found in group:
            columns.merge(map(Column.from_json, found["columns"]), found["rows"])
        merged.append(
            {
                "files": len(group),
                "path": min(entry.path for entry, _ in group),
                "formats": sorted({found["format"] for _, found in group}),
                "rows": columns.rows,
                "columns": [one.to_json(sketches=False) for one in columns.found.values()],
                "columns_not_read": max(found["columns_not_read"] for _, found in group),
                "repeated": sorted({name for _, found in group for name in found["repeated"]}),
            }
        )
    return sorted(merged, key=lambda one: (-one["rows"], one["path"]))


def _parts(vault: Vault, before: ObjectId | None) -> dict[str, ObjectId]:
    if before is None:
        return {}
    try:
        return {entry.path: entry.object for entry in vault.get_tree(before)}
    except AfieldError:  # it only spares work
        return {}


def _known(vault: Vault, part: ObjectId | None, entry: TreeEntry) -> dict[str, Any] | None:
    """Return an earlier profile of the same bytes, read as the same format."""
    if part is None:
        return None
    try:
        found: dict[str, Any] = json.loads(vault.get(part))
        for column in found["columns"]:
            Column.from_json(column)
    except (AfieldError, ValueError, KeyError, TypeError):  # it only spares work
        return None
    told = found.get("format") == format_of(entry.path) and "repeated" in found
    return found if told else None


def _encode(found: dict[str, Any]) -> bytes:
    return json.dumps(found, ensure_ascii=False, allow_nan=False).encode("utf-8", "replace")
