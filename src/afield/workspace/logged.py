"""What a run said of itself through MLflow's protocol: data sets it read, models it logged.

As programs read it. Versions of data that the record holds are `data`'s; files are not read here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from afield.workspace.workspace import Workspace

_MODELS = """
SELECT m.id, m.name, m.model_type, m.status, COUNT(f.path), COALESCE(SUM(f.size_bytes), 0)
FROM logged_models m LEFT JOIN logged_model_files f ON f.model = m.id AND f.object IS NOT NULL
WHERE m.run = ? AND m.deleted IS NOT TRUE
GROUP BY m.id, m.name, m.model_type, m.status, m.made_ms ORDER BY m.made_ms, m.id
"""
_DATA = "SELECT name, digest, context FROM run_datasets WHERE run = ? ORDER BY name, digest"


def logged_part(workspace: Workspace, run: str) -> dict[str, list[dict[str, Any]]]:
    """Return the data sets and models that were logged to a run, for JSON.

    Args:
        workspace: the workspace.
        run: the run's id.

    Returns:
        `data`: `name digest context` (what the data was for, or None); `models`: `id name
        model_type status files size_bytes`, the oldest first, without deleted ones.
    """
    data = ("name", "digest", "context")
    model = ("id", "name", "model_type", "status", "files", "size_bytes")
    models = workspace.query(_MODELS, (run,))
    return {
        "data": [dict(zip(data, row, strict=True)) for row in workspace.query(_DATA, (run,))],
        "models": [dict(zip(model, (*row[:-1], int(row[-1])), strict=True)) for row in models],
    }
