"""Cause `input`: the input that was read first of those whose bytes differ."""

from __future__ import annotations

from afield.replay.causes.cause import Cause, Known, Side
from afield.replay.causes.code import is_source
from afield.replay.causes.words import cut
from afield.replay.limits import EVIDENCE_LINES_MAX
from afield.replay.text import clip
from afield.runs.manifest import FileRecord


def ask_inputs(old: Side, new: Side, known: Known) -> Cause | None:
    """Name the first input, in the order of first reads, whose bytes differ."""
    changed = changed_inputs(old, new)
    if not changed:
        return known.gap("input")
    first, _ = changed[0]
    where = f", first read at {first.where}" if first.where else ""
    more = f" (and {len(changed) - 1} more inputs)" if len(changed) > 1 else ""
    evidence: list[str] = []
    for one, another in changed:
        evidence.append(f"{one.path}: {_brief(one)} vs {_brief(another)}")
        if one.digest and another.digest and len(evidence) < EVIDENCE_LINES_MAX:
            evidence += known.show(one.path, one.digest, another.digest)
    return Cause("input", clip(f"{first.path} differs{where}{more}"), cut(evidence))


def changed_inputs(old: Side, new: Side) -> list[tuple[FileRecord, FileRecord]]:
    """Return the inputs of both that differ, in the order in which `old` first read them.

    What a run itself made before it read it, and source files, do not count.
    """
    made = {one.path for one in old.manifest.outputs}
    after = {new.masks.paths(one.path): one for one in new.manifest.inputs}
    found: list[tuple[FileRecord, FileRecord]] = []
    for one in old.manifest.inputs:
        other = after.get(old.masks.paths(one.path))
        if other is None or one.digest == other.digest or is_source(one.path):
            continue
        if one.path in made and one.path not in old.tree:
            continue
        if not _is_comparable(one, other):
            continue
        found.append((one, other))
    return found


def _is_comparable(one: FileRecord, other: FileRecord) -> bool:
    """Tell whether two digests say something: not of a folder that was looked at otherwise."""
    if one.folder is None or other.folder is None:
        return True
    return one.folder == other.folder or one.folder.files != other.folder.files


def _brief(one: FileRecord) -> str:
    return f"{(one.digest or 'no digest')[:12]}, {one.size_bytes} bytes"
