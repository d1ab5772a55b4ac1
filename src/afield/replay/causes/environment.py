"""Cause `environment`: the Python or the distributions that differ."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from afield.replay.causes.cause import Cause, Known, Side
from afield.replay.causes.words import cut
from afield.replay.environment_diff import diff_environments, differing_patches
from afield.replay.text import clip
from afield.runs.capture.distributions import normal_name
from afield.runs.manifest import Distribution, Environment

TOOLS = frozenset(("pip", "setuptools", "wheel", "uv", "afield"))


def ask_environment(old: Side, new: Side, known: Known) -> Cause | None:
    """Name the Python or the distributions that differ, real packages before tools."""
    before, after = old.manifest.environment, new.manifest.environment
    lines = [] if before is None or after is None else _changes(before, after)
    if not lines:
        return known.gap("environment")
    more = f" (and {len(lines) - 1} more)" if len(lines) > 1 else ""
    return Cause("environment", clip(lines[0] + more), cut(lines))


def _changes(before: Environment, after: Environment) -> list[str]:
    lines: list[str] = []
    if (before.implementation, before.python) != (after.implementation, after.python):
        lines.append(
            f"{before.implementation} {before.python} → {after.implementation} {after.python}"
        )
    lines += _distribution_changes(before.distributions, after.distributions)
    found = diff_environments(
        *(msgspec.structs.replace(one, distributions=()) for one in (before, after))
    )
    changes = (*found.changed, *found.only_a, *found.only_b)
    return [*lines, *(f"{one.name} {one.a or 'none'} → {one.b or 'none'}" for one in changes)]


def _distribution_changes(old: Sequence[Distribution], new: Sequence[Distribution]) -> list[str]:
    """Word each distribution that differs: changed, then gone, then come."""
    before, after = ({normal_name(one.name): one for one in side} for side in (old, new))
    found: list[tuple[tuple[bool, int, str], str]] = []
    for name in before.keys() | after.keys():
        one, other = before.get(name), after.get(name)
        told, rank = _distribution(one, other)
        if told:
            found.append(((name in TOOLS, rank, name), told))
    return [told for _, told in sorted(found)]


def _distribution(one: Distribution | None, other: Distribution | None) -> tuple[str, int]:
    if one is None or other is None:
        here = one or other
        assert here is not None
        return (
            (f"{here.name} {here.version} is missing", 2)
            if other is None
            else (f"{here.name} {here.version} is only in the other run", 3)
        )
    if one.version != other.version:
        return f"{one.name} {one.version} → {other.version}", 0
    if one.origin == "editable" or other.origin == "editable":
        return "", 0
    if one.identity and other.identity and one.identity != other.identity:
        return f"{one.name} {one.version}: other files under the same version", 1
    return _patches(one, other), 1


def _patches(one: Distribution, other: Distribution) -> str:
    """Word how hand-made changes differ, where both runs used the distribution."""
    changes = differing_patches(one, other)
    if not changes:
        return ""
    sides = {(True, True): "in both runs, differently", (True, False): "in the first run only"}
    first = changes[0]
    when = sides.get((first.a is not None, first.b is not None), "in the other run only")
    more = f" (and {len(changes) - 1} more)" if len(changes) > 1 else ""
    return f"{first.name} was patched by hand {when}{more}"
