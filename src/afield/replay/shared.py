"""Distributions that only the base Python has: those of a Linux distribution or of conda.

No index has them as they were installed, so an environment borrows them from the Python that it
is built on, when that one still has the very same ones.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from afield.replay.interpreters import Interpreter
from afield.runs.capture.distributions import DistributionCache, find_distributions, normal_name
from afield.runs.capture.environment import ask_python
from afield.runs.manifest import Distribution


@dataclass(frozen=True, slots=True)
class Borrowed:
    """What an environment takes from its base.

    Args:
        distributions: the recorded ones that the base has, the same in version and files.
        sites: where they lie; empty when nothing is borrowed.
    """

    distributions: tuple[Distribution, ...] = ()
    sites: tuple[str, ...] = ()


def borrow(
    base: Interpreter,
    wanted: Sequence[Distribution],
    *,
    environ: Mapping[str, str],
    folder: str,
) -> Borrowed:
    """Return what can be borrowed, which is nothing when all came from an index."""
    if all(one.origin != "unknown" for one in wanted):
        return Borrowed()
    python = ask_python(base.path, environ, folder)
    if python is None:
        return Borrowed()
    found = find_distributions(python.path, DistributionCache(None))
    have = {normal_name(one.distribution.name): one.distribution for one in found}
    same = tuple(one for one in wanted if _same(one, have.get(normal_name(one.name))))
    if all(one.origin != "unknown" for one in same):
        return Borrowed()
    return Borrowed(same, python.path)


def _same(one: Distribution, other: Distribution | None) -> bool:
    if other is None or one.patched:  # what is patched is installed, and patched there
        return False
    return (one.version, one.identity) == (other.version, other.identity)
