"""Datasets as programs read them: the documents of docs/json.md. Field names are a promise."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from afield.datasets.card import Card
    from afield.datasets.diff import Difference, TableChanges
    from afield.datasets.query import Version
    from afield.vault import TreeEntry
    from afield.workspace.workspace import Workspace


def version_part(workspace: Workspace, version: Version) -> dict[str, Any]:
    """Return a version."""
    from afield.workspace.datasets import message_of, source_of

    return {
        "name": version.name,
        "version": version.number,
        "label": version.label,
        "tree": version.tree,
        "files": version.files,
        "size_bytes": version.size_bytes,
        "added": datetime.fromtimestamp(version.added_ms / 1000, UTC),
        "by": workspace.name_of(version.member),
        "message": message_of(workspace, version),
        "source": source_of(workspace, version),
    }


def card_part(card: Card) -> dict[str, Any]:
    """Return a data card."""
    from afield.datasets.card import FIELDS

    return {
        "fields": {name: card.values.get(name) for name in FIELDS},
        "missing": list(card.missing),
        "erased": list(card.erased),
        "complete": not card.missing,
    }


def file_parts(entries: Sequence[TreeEntry]) -> list[dict[str, Any]]:
    """Return the files of a tree."""
    return [file_entry(entry) for entry in entries]


def file_entry(entry: TreeEntry) -> dict[str, Any]:
    """Return one file of a tree."""
    return {
        "path": entry.path,
        "size_bytes": entry.size_bytes,
        "digest": entry.object,
        "mode": f"{entry.mode:o}",
    }


def difference_part(found: Difference) -> dict[str, Any]:
    """Return how two versions differ."""
    files = found.files
    return {
        "equal": files.equal,
        "files": {
            "same": files.same,
            "added": file_parts(files.added),
            "removed": file_parts(files.removed),
            "changed": [
                {"path": new.path, "before": file_entry(old), "after": file_entry(new)}
                for old, new in files.changed
            ],
            "renamed": [{"before": one.before, "after": one.after} for one in files.renamed],
        },
        "tables": [_table_part(table) for table in found.tables],
        "not_compared": [{"path": path, "why": why} for path, why in found.skipped],
    }


def _table_part(table: TableChanges) -> dict[str, Any]:
    rows = table.rows
    columns = []
    for name, (before, after) in table.columns.items():
        columns.append(
            {
                "name": name,
                "before": before,
                "after": after,
                "cells_changed": rows.cells.get(name),
            }
        )
    return {
        "path": table.path,
        "by": "key" if table.key else "position",
        "key": list(table.key),
        "repeated": list(table.repeated),
        "rows": {
            "before": table.rows_before,
            "after": table.rows_after,
            "added": rows.added,
            "removed": rows.removed,
            "changed": rows.changed,
            "same": rows.same,
            "repeated_keys": rows.repeated,
        },
        "examples": rows.examples,
        "columns": columns,
    }
