"""What conda installed that is no Python distribution: compilers' libraries, BLAS, programs.

Only the names of the files in `conda-meta` are read (`name-version-build.json`, one for each
package); those that are Python distributions too are listed by `distributions`.
"""

from __future__ import annotations

import os
from collections.abc import Iterable

from afield.runs.capture.distributions import normal_name
from afield.runs.manifest import CondaPackage

_PARTS = 3


def read_conda(prefix: str, distributions: Iterable[str]) -> tuple[CondaPackage, ...]:
    """Return the packages of a conda environment, by name, but those named `distributions`.

    Nothing where `prefix` is no conda environment.
    """
    try:
        names = os.listdir(os.path.join(prefix, "conda-meta"))
    except OSError:
        return ()
    known = {normal_name(name) for name in distributions}
    found = []
    for name in sorted(names):
        parts = name.removesuffix(".json").rsplit("-", 2)
        if name.endswith(".json") and len(parts) == _PARTS and normal_name(parts[0]) not in known:
            found.append(CondaPackage(name=parts[0], version=parts[1], build=parts[2]))
    return tuple(found)
