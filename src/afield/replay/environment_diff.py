"""How two recorded Python environments differ: interpreter, platform, distributions.

Pure: it compares what was recorded. Reading the environment that is here lives in `here`;
words for people live in the command line.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from afield.runs.capture.distributions import normal_name
from afield.runs.manifest import Distribution, Environment, Patch


class Change(msgspec.Struct, frozen=True):
    """A named value that differs; None where a run has none of that name."""

    name: str
    a: Any
    b: Any


class EnvironmentDiff(msgspec.Struct, frozen=True):
    """How the environments differ.

    `files` names distributions of one version with other files; `origins` those that are
    editable in one only; `unchecked` those of one version of which a side lists no files, so
    that nobody can tell: they are no difference. `patched` names installed files of distributions
    that both sides used and of which one was patched by hand, or both were differently: how.
    """

    python: Change | None = None
    changed: tuple[Change, ...] = ()
    only_a: tuple[Change, ...] = ()
    only_b: tuple[Change, ...] = ()
    files: tuple[str, ...] = ()
    platform: Change | None = None
    origins: tuple[Change, ...] = ()
    unchecked: tuple[str, ...] = ()
    patched: tuple[Change, ...] = ()

    @property
    def equal(self) -> bool:
        """Tell whether nothing that could be compared differs."""
        told = (self.python, self.platform, self.changed, self.only_a, self.only_b)
        return not any((*told, self.files, self.origins, self.patched))


def diff_environments(a: Environment | None, b: Environment | None) -> EnvironmentDiff:
    """Compare two environments; where one was not recorded, nothing is told."""
    if a is None or b is None:
        return EnvironmentDiff()
    before, after = _by_name(a.distributions), _by_name(b.distributions)
    conda_a, conda_b = _conda(a), _conda(b)
    same = [
        name for name in before if name in after and before[name].version == after[name].version
    ]
    return EnvironmentDiff(
        python=_change(
            "python", f"{a.implementation} {a.python}", f"{b.implementation} {b.python}"
        ),
        platform=_change("platform", a.platform, b.platform),
        changed=tuple(
            Change(name, before[name].version, after[name].version)
            for name in before
            if name in after and name not in same
        )
        + tuple(
            Change(name, conda_a[name], conda_b[name])
            for name in conda_a
            if name in conda_b and conda_a[name] != conda_b[name]
        ),
        only_a=tuple(
            Change(name, before[name].version, None) for name in before if name not in after
        )
        + tuple(Change(name, conda_a[name], None) for name in conda_a if name not in conda_b),
        only_b=tuple(
            Change(name, None, after[name].version) for name in after if name not in before
        )
        + tuple(Change(name, None, conda_b[name]) for name in conda_b if name not in conda_a),
        files=tuple(name for name in same if _other_files(before[name], after[name])),
        origins=tuple(
            Change(name, before[name].origin, after[name].origin)
            for name in same
            if _is_editable(before[name]) != _is_editable(after[name])
        ),
        unchecked=tuple(name for name in same if _unlisted(before[name], after[name])),
        patched=tuple(
            change for name in same for change in differing_patches(before[name], after[name])
        ),
    )


def differing_patches(one: Distribution, other: Distribution) -> list[Change]:
    """Return the files that were patched by hand in one only, or in both to other bytes.

    Nothing where a side was not compared with RECORD: what a run does not use is not looked at.
    """
    if not (one.checked and other.checked):
        return []
    before, after = ({patch.path: patch for patch in side.patched} for side in (one, other))
    return [
        Change(f"{one.name} {one.version}: {path}", _how(before.get(path)), _how(after.get(path)))
        for path in sorted(before.keys() | after.keys())
        if _state(before.get(path)) != _state(after.get(path))
    ]


def _state(patch: Patch | None) -> tuple[str, str | None] | None:
    return None if patch is None else (patch.how, patch.digest)


def _how(patch: Patch | None) -> str | None:
    return None if patch is None else patch.how


def _change(name: str, a: str, b: str) -> Change | None:
    return None if a.lower() == b.lower() else Change(name, a, b)


def _is_editable(one: Distribution) -> bool:
    return one.origin == "editable"


def _other_files(one: Distribution, other: Distribution) -> bool:
    if _is_editable(one) or _is_editable(other):
        return False  # its files are code, and compared as code
    return bool(one.identity and other.identity and one.identity != other.identity)


def _unlisted(one: Distribution, other: Distribution) -> bool:
    if _is_editable(one) or _is_editable(other):
        return False
    return one.identity is None or other.identity is None


def _conda(environment: Environment) -> dict[str, str]:
    return {f"conda {one.name}": f"{one.version} {one.build}" for one in environment.conda}


def _by_name(distributions: Sequence[Distribution]) -> dict[str, Distribution]:
    named = {normal_name(one.name): one for one in distributions}
    return dict(sorted(named.items()))
