"""The one list of canonicalisers, asked in order; bytes are what remains."""

from __future__ import annotations

from dataclasses import replace

from afield.replay.canonical.arrays import ARRAY
from afield.replay.canonical.boosters import LIGHTGBM, XGBOOST
from afield.replay.canonical.compressed import BZIP2, GZIP, XZ
from afield.replay.canonical.events import EVENTS
from afield.replay.canonical.hdf5 import HDF5
from afield.replay.canonical.jpeg import JPEG
from afield.replay.canonical.json_values import JSON, JSON_LINES
from afield.replay.canonical.look import Canonicaliser, Look
from afield.replay.canonical.notebook import NOTEBOOK
from afield.replay.canonical.onnx import ONNX
from afield.replay.canonical.pdf import PDF, POSTSCRIPT
from afield.replay.canonical.pickled import PICKLE
from afield.replay.canonical.plain import LOG, TEXT
from afield.replay.canonical.png import PNG
from afield.replay.canonical.safetensors import SAFETENSORS
from afield.replay.canonical.svg import SVG
from afield.replay.canonical.table import TABLE
from afield.replay.canonical.tables import ARROW, PARQUET
from afield.replay.canonical.tarred import TAR
from afield.replay.canonical.torch import TORCH
from afield.replay.canonical.ubjson import UBJSON
from afield.replay.canonical.zipped import ZIP
from afield.replay.limits import LOOK_BYTES_MAX
from afield.replay.verdict import Grade, Judged

REGISTRY: tuple[Canonicaliser, ...] = (
    PNG,
    JPEG,
    PDF,
    POSTSCRIPT,
    GZIP,
    BZIP2,
    XZ,
    ARRAY,
    PARQUET,
    ARROW,
    SAFETENSORS,
    UBJSON,
    EVENTS,
    HDF5,
    ONNX,
    TORCH,
    ZIP,
    TAR,
    SVG,
    XGBOOST,
    LIGHTGBM,
    NOTEBOOK,
    JSON,
    JSON_LINES,
    TABLE,
    LOG,
    PICKLE,
    TEXT,
)


def canonicaliser_names() -> tuple[str, ...]:
    """Return the names that reports use, in the order in which they are asked."""
    return tuple(one.name for one in REGISTRY)


def judge(name: str, old: bytes, new: bytes, look: Look) -> Judged:
    """Compare two files that stand under the same name.

    Returns:
        BYTES when nothing differs, else the grade of the first canonicaliser that knows the
        format, else DIVERGED with the place of the first differing byte.
    """
    if old == new:
        return Judged(Grade.BYTES)
    if max(len(old), len(new)) > LOOK_BYTES_MAX:
        detail = f"bytes differ; larger than {LOOK_BYTES_MAX >> 20} MB, so not looked into"
        return Judged(Grade.DIVERGED, detail=detail)
    look = replace(look, name=name)
    for canonicaliser in REGISTRY:
        if canonicaliser.fits(name, old, new):
            found = canonicaliser.compare(old, new, look)
            if found is not None:
                return found
    return Judged(Grade.DIVERGED, detail=_first_byte(old, new))


def _first_byte(old: bytes, new: bytes) -> str:
    low, high = 0, min(len(old), len(new))
    while low < high:  # bisect on equal prefixes: memcmp is faster than a loop in Python
        middle = (low + high + 1) // 2
        if old[low:middle] == new[low:middle]:
            low = middle
        else:
            high = middle - 1
    sizes = "" if len(old) == len(new) else f"; {len(old)} vs {len(new)} bytes"
    return f"first differing byte at {low}{sizes}"
