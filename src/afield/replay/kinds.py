"""What an output is besides its bytes: a symbolic link or a file, and whether it can be executed.

A link is compared by the text of its target, never by what that leads to: that is an output of
its own, or none of the run's. Links that a run made stand in for nothing when it is prepared.
"""

from __future__ import annotations

import os
from dataclasses import replace

from afield.kernel.errors import AfieldError
from afield.kernel.ids import ObjectId
from afield.replay.canonical import Look
from afield.replay.verdict import Grade, Judged
from afield.runs.manifest import EXECUTABLE, LINK, FileRecord, Manifest
from afield.vault import Vault


def is_link(one: FileRecord) -> bool:
    """Tell whether an output is a symbolic link."""
    return LINK in _notes(one)


def made_links(manifest: Manifest) -> tuple[str, ...]:
    """Return the links that a run made or changed in its project."""
    return tuple(one.path for one in manifest.outputs if is_link(one))


def under(path: str, links: tuple[str, ...]) -> bool:
    """Tell whether a path is one of the links or leads through one."""
    return any(path == link or path.startswith(f"{link}/") for link in links)


def judge_links(one: FileRecord, other: FileRecord, vault: Vault, look: Look) -> Judged | None:
    """Compare two outputs of which at least one is a link; None when none is."""
    if not (is_link(one) or is_link(other)):
        return None
    if not (is_link(one) and is_link(other)):
        kinds = (LINK, "a file") if is_link(one) else ("a file", LINK)
        return Judged(Grade.DIVERGED, LINK, f"{kinds[0]} vs {kinds[1]}")
    if one.digest == other.digest:
        return Judged(Grade.BYTES, LINK)
    try:
        old, new = (os.fsdecode(vault.get(ObjectId(side.digest or ""))) for side in (one, other))
    except AfieldError as fault:
        return Judged(Grade.DIVERGED, LINK, f"other targets; not looked into: {fault.message}")
    if look.old.paths(old) == look.new.paths(new):
        return Judged(Grade.CONTENT, LINK, "it leads to the same place of another folder")
    return Judged(Grade.DIVERGED, LINK, f"it leads to {old!r} vs {new!r}")


def with_mode(judged: Judged, one: FileRecord, other: FileRecord) -> Judged:
    """Say so when one of two files can be executed and the other cannot."""
    sides = [
        next((word for word in _notes(side) if word in EXECUTABLE), "") for side in (one, other)
    ]
    if sides[0] == sides[1]:
        return judged
    told = " vs ".join(side or "mode not changed" for side in sides)
    return replace(judged, unjudged=(*judged.unjudged, told))


def _notes(one: FileRecord) -> list[str]:
    return one.note.split("; ") if one.note else []
