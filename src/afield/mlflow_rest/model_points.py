"""Points that are a logged model's, too: an entry for each request, since they are few."""

from __future__ import annotations

from collections.abc import Sequence

from afield.journal import Draft
from afield.mlflow_rest import messages as m
from afield.mlflow_rest.known import KnownRun
from afield.runs.models import events


def model_points(run: KnownRun, metrics: Sequence[m.Metric]) -> list[Draft]:
    """Return the entries of points that name a model."""
    by_model: dict[str, list[dict[str, object]]] = {}
    for point in metrics:
        if point.model_id:
            told: dict[str, object] = {
                "name": point.key,
                "value": point.value,
                "step": point.step or 0,
                "time_ms": point.timestamp,
            }
            if point.dataset_name:
                told |= {"dataset": point.dataset_name, "digest": point.dataset_digest or ""}
            by_model.setdefault(point.model_id, []).append(told)
    return [events.measured(model, run.id, points) for model, points in by_model.items()]
