"""What a version is for: the four stages, and which of them are in use."""

from __future__ import annotations

NONE = "None"
STAGING = "Staging"
PRODUCTION = "Production"
ARCHIVED = "Archived"

STAGES = (NONE, STAGING, PRODUCTION, ARCHIVED)
IN_USE = (STAGING, PRODUCTION)

_BY_WORD = {stage.lower(): stage for stage in STAGES}


def stage_of(word: str) -> str | None:
    """Return the stage that a word names, in whatever case; None for no stage."""
    return _BY_WORD.get(word.lower())
