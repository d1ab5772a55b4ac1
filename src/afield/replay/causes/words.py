"""How the evidence of causes is worded and bounded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from afield.replay.limits import EVIDENCE_LINES_MAX
from afield.replay.text import clip


def changed_values(word: str, old: Mapping[str, object], new: Mapping[str, object]) -> list[str]:
    """Return one line per name whose values differ."""
    lines = []
    for name in sorted(old.keys() | new.keys()):
        one, other = old.get(name), new.get(name)
        if one != other:
            lines.append(f"{word} {name}: {said(one)} vs {said(other)}")
    return lines


def said(value: object) -> str:
    """Return a value as one line shows it."""
    if value is None:
        return "(not set)"
    text = ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)
    return clip(text or "(empty)", 80)


def named(paths: Sequence[str]) -> str:
    """Name the first path, and how many more there are."""
    return paths[0] if len(paths) == 1 else f"{paths[0]} and {len(paths) - 1} more"


def cut(lines: Sequence[str]) -> tuple[str, ...]:
    """Return as many lines as evidence may have."""
    return tuple(lines[:EVIDENCE_LINES_MAX])
