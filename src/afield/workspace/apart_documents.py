"""What two people changed apart, as programs read it. Nothing here decides who is right."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from afield.workspace.disagreements import Disagreement
    from afield.workspace.workspace import Workspace


def apart_parts(workspace: Workspace, found: Iterable[Disagreement]) -> list[dict[str, Any]]:
    """Return disagreements, for JSON; what stands comes first among the sides."""
    return [
        {
            "about": one.about,
            "field": one.field,
            "sides": [
                {
                    "value": side.value,
                    "by": workspace.name_of(side.member),
                    "member": side.member,
                    "at": datetime.fromtimestamp(side.at_ms / 1000, UTC),
                }
                for side in one.sides
            ],
        }
        for one in found
    ]


def about_part(workspace: Workspace, about: str) -> list[dict[str, Any]]:
    """Return what is not agreed on of a run or dataset, for its document."""
    from afield.workspace.disagreements import disagreements

    return apart_parts(workspace, disagreements(workspace, about))
