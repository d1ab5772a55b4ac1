"""The kernels and threads of the recorded run, as variables that pin another machine to them.

A CPU chooses among several implementations of the same product or sum, and each rounds in
its own way. What was chosen is in the manifest (`kernels`); here it becomes the variables by
which OpenBLAS, numpy and torch are told to choose the same. Nothing here runs anything.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from afield.replay.execute import CORE_VARIABLES
from afield.runs.manifest import Manifest

NUMPY_OFF = "NPY_DISABLE_CPU_FEATURES"
OPENBLAS_CORE = "OPENBLAS_CORETYPE"
TORCH_LEVEL = "ATEN_CPU_CAPABILITY"


@dataclass(frozen=True, slots=True)
class Pins:
    """What to set (None: to unset) so that another run computes as the recorded one did.

    Args:
        variables: by name.
        told: what is pinned, one line each; empty when nothing differs.
        cannot: what differs and cannot be pinned here, one line each.
    """

    variables: Mapping[str, str | None] = field(default_factory=dict)
    told: tuple[str, ...] = ()
    cannot: tuple[str, ...] = ()


def pins_for(recorded: Manifest, repeated: Manifest) -> Pins:
    """Return the pins that take a repeated run back to the recorded kernels and threads."""
    variables: dict[str, str | None] = {}
    told: list[str] = []
    cannot: list[str] = []
    for name, old, new in kernel_changes(recorded, repeated):
        words = f"{name}: {new or 'not told'} → {old or 'not told'}"
        found = _pin(name, old, new, repeated)
        if found is None:
            cannot.append(words)
        else:
            variables |= found
            told.append(words)
    lost = _lost_features(recorded, repeated)
    if lost:
        cannot.append(f"numpy: this CPU lacks {' '.join(lost)}")
    cores = [one.host.cores if one.host else None for one in (recorded, repeated)]
    if cores[0] and cores[0] != cores[1]:
        variables |= dict.fromkeys(CORE_VARIABLES, str(cores[0])) | dict(recorded.threads)
        told.append(f"threads: {cores[1]} → {cores[0]}")
    return Pins(variables, tuple(told), tuple(cannot))


def kernel_changes(recorded: Manifest, repeated: Manifest) -> Iterator[tuple[str, str, str]]:
    """Yield (library, recorded, repeated) for each that chose other kernels in the two runs."""
    for name in sorted(recorded.kernels.keys() & repeated.kernels.keys()):
        old, new = recorded.kernels[name], repeated.kernels[name]
        if old != new:
            yield name, old, new


def _pin(name: str, old: str, new: str, repeated: Manifest) -> dict[str, str | None] | None:
    if "|" in old:
        return None  # its processes chose differently: no one variable says that
    if name == "openblas":
        return {OPENBLAS_CORE: old} if " " not in old else None
    if name == "torch":
        return {TORCH_LEVEL: old.lower()}
    if name == "numpy":
        switched_off = repeated.variables.get(NUMPY_OFF, "").replace(",", " ").split()
        recorded = set(old.split())
        off = [one for one in (*switched_off, *new.split()) if one not in recorded]
        return {NUMPY_OFF: " ".join(dict.fromkeys(off)) or None}
    return None


def _lost_features(recorded: Manifest, repeated: Manifest) -> list[str]:
    """Return the features that numpy used then and that no variable switched off now."""
    switched_off = repeated.variables.get(NUMPY_OFF, "").replace(",", " ").split()
    now = {*repeated.kernels.get("numpy", "").split(), *switched_off}
    if "numpy" not in repeated.kernels:
        return []
    return [one for one in recorded.kernels.get("numpy", "").split() if one not in now]
