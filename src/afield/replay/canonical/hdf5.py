"""HDF5 (`.h5`, Keras, PyTables, netCDF 4): groups, attributes and datasets, inside the environment.

Its library reads the files there, where the run itself wrote them. Without such an environment,
or without the library in it, the files count as diverged and the detail says why.
"""

from __future__ import annotations

from afield.replay.canonical.look import Canonicaliser, Look
from afield.replay.verdict import Grade, Judged

NAME = "hdf5"


def compare(old: bytes, new: bytes, look: Look) -> Judged | None:
    """Compare two files by structure."""
    if look.inside is None:
        detail = "bytes differ; no environment at hand to look inside"
        return Judged(Grade.DIVERGED, NAME, detail)
    return look.inside(look.name, old, new, look.tolerance, kind=NAME)


HDF5 = Canonicaliser(NAME, compare, magic=(b"\x89HDF\r\n\x1a\n",))
