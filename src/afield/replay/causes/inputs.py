"""Cause `input`: the input read first of those whose bytes differ, or another version of data."""

from __future__ import annotations

from afield.replay.causes.cause import Cause, Known, Side
from afield.replay.causes.code import is_source
from afield.replay.causes.words import cut
from afield.replay.limits import EVIDENCE_LINES_MAX
from afield.replay.text import clip
from afield.runs.manifest import FileRecord, Manifest

_DIGEST_CHARS = 12


def ask_inputs(old: Side, new: Side, known: Known) -> Cause | None:
    """Name the first input, in the order of first reads, whose bytes differ."""
    changed = changed_inputs(old, new)
    if not changed:
        return _of_versions(old, new) or known.gap("input")
    first, _ = changed[0]
    where = f", first read at {first.where}" if first.where else ""
    more = f" (and {len(changed) - 1} more inputs)" if len(changed) > 1 else ""
    evidence: list[str] = []
    for one, another in changed:
        evidence.append(f"{one.path}: {_brief(one)} vs {_brief(another)}")
        if one.digest and another.digest and len(evidence) < EVIDENCE_LINES_MAX:
            evidence += known.show(one.path, one.digest, another.digest)
    return Cause("input", clip(f"{first.path} differs{where}{more}"), cut(evidence))


def _of_versions(old: Side, new: Side) -> Cause | None:
    """Name the first dataset of which both read, and other versions."""
    changed = [
        (name, one, other)
        for name, one, other in changed_versions(old.manifest, new.manifest)
        if one and other
    ]
    if not changed:
        return None
    name, one, other = changed[0]
    first = next(each for each in old.manifest.datasets if each.name == name)
    where = f", first read at {first.where}" if first.where else ""
    more = f" (and {len(changed) - 1} more datasets)" if len(changed) > 1 else ""
    lines = [f"{name}: {one} vs {other}" for name, one, other in changed]
    return Cause("input", clip(f"{one} and {other} were read{where}{more}"), cut(lines))


def changed_versions(old: Manifest, new: Manifest) -> list[tuple[str, str | None, str | None]]:
    """Return name and versions of the datasets of which two runs took other versions.

    The versions are words, as `customers@3 (9f2c81d07aab)`; None where a run took none.
    """
    here, there = (_trees(one) for one in (old, new))
    return [
        (name, here.get(name, (None, ()))[0], there.get(name, (None, ()))[0])
        for name in dict.fromkeys((*here, *there))
        if here.get(name, ("", ()))[1] != there.get(name, ("", ()))[1]
    ]


def _trees(manifest: Manifest) -> dict[str, tuple[str, tuple[str, ...]]]:
    """Return the versions of each dataset that a run took, in words and as digests."""
    found: dict[str, dict[str, str]] = {}
    for one in manifest.datasets:
        found.setdefault(one.name, {})[one.tree] = f"{one.label} ({one.tree[:_DIGEST_CHARS]})"
    return {
        name: (", ".join(trees.values()), tuple(sorted(trees))) for name, trees in found.items()
    }


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
