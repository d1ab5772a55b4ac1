"""Cause `machine`: CPU, system, numerical libraries and thread counts."""

from __future__ import annotations

import re
from collections.abc import Mapping

from afield.replay.causes.cause import Cause, Known, Side
from afield.replay.causes.words import changed_values, cut, said
from afield.replay.text import clip
from afield.runs.manifest import Manifest

_LIBRARY = re.compile(r"[-_.]\d|-[0-9a-f]{6,}|\.so|\.dylib|\.dll", re.IGNORECASE)
_LINEAR_ALGEBRA = ("openblas", "mkl", "blis", "atlas", "libblas", "cblas", "accelerate", "lapack")


def ask_machine(old: Side, new: Side, _: Known) -> Cause | None:
    """Name the CPU, the numerical libraries or the thread counts that differ."""
    lines = machine_changes(old.manifest, new.manifest)
    return Cause("machine", clip(lines[0]), cut(lines)) if lines else None


def machine_changes(old: Manifest, new: Manifest) -> list[str]:
    """Word each thing of the machine that differs.

    A library that only one run was seen to load is no cause by itself: worker processes do not
    always live to tell what they loaded.
    """
    lines: list[str] = []
    if old.host is not None and new.host is not None:
        for name in ("cpu", "machine", "system", "libc", "gpus", "cores"):
            one, other = getattr(old.host, name), getattr(new.host, name)
            if one != other:
                lines.append(f"{name}: {said(one)} vs {said(other)}")
    lines += changed_values("CPU kernels of", _kernels(old, new), _kernels(new, old))
    lines += changed_values("threads", old.threads, new.threads)
    before, after = _libraries(old), _libraries(new)
    lines += [
        f"library {name}: {', '.join(sorted(before[name]))} vs {', '.join(sorted(after[name]))}"
        for name in sorted(before.keys() & after.keys())
        if not (before[name] <= after[name] or after[name] <= before[name])
    ]
    if lines and before and after:
        lines += [f"library {one} is missing" for one in _only(before, after)]
        lines += [f"library {one} is only in the other run" for one in _only(after, before)]
    return lines


def _kernels(side: Manifest, other: Manifest) -> dict[str, object]:
    """Return what libraries chose for the CPU, of those that told it in both runs."""
    return {name: side.kernels[name] for name in side.kernels.keys() & other.kernels.keys()}


def _libraries(manifest: Manifest) -> dict[str, set[str]]:
    """Return the files of each loaded library, all of linear algebra under one name."""
    found: dict[str, set[str]] = {}
    for path in manifest.libraries:
        name = path.replace("\\", "/").rsplit("/", 1)[-1]
        stem = _LIBRARY.split(name, maxsplit=1)[0].lower()
        if any(word in stem for word in _LINEAR_ALGEBRA):
            stem = "of linear algebra"
        found.setdefault(stem, set()).add(name)
    return found


def _only(some: Mapping[str, set[str]], others: Mapping[str, set[str]]) -> list[str]:
    return sorted(name for stem in some.keys() - others.keys() for name in some[stem])
