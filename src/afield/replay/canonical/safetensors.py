"""safetensors: tensors by name, type, shape and value, and the texts that go with them.

The order of the tensors in header and file, and the header's padding, do not count. The layout
is that of the documented format: eight bytes of length, a JSON header, then the tensors without
holes. Whatever strays from it is compared by bytes.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from afield.replay.canonical.look import Canonicaliser, Look
from afield.replay.canonical.tally import Tally
from afield.replay.limits import HEADER_BYTES_MAX, TENSORS_MAX
from afield.replay.verdict import Judged

if TYPE_CHECKING:
    import numpy as np

NAME = "safetensors"
_LENGTH_BYTES = 8
_DIMENSIONS_MAX = 64
# how a type is read; those that NumPy lacks are compared as the bits that they are
_TYPES = {
    "F64": "<f8",
    "F32": "<f4",
    "F16": "<f2",
    "BF16": "<u2",
    "C64": "<c8",
    "I64": "<i8",
    "I32": "<i4",
    "I16": "<i2",
    "I8": "<i1",
    "U64": "<u8",
    "U32": "<u4",
    "U16": "<u2",
    "U8": "<u1",
    "BOOL": "<u1",
    "F8_E4M3": "<u1",
    "F8_E5M2": "<u1",
    "F8_E8M0": "<u1",
}


@dataclass(frozen=True, slots=True)
class _Tensor:
    kind: str
    shape: tuple[int, ...]
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class _File:
    data: bytes
    tensors: dict[str, _Tensor]
    texts: dict[str, str]


def compare(old: bytes, new: bytes, look: Look) -> Judged | None:
    """Compare two files tensor by tensor."""
    try:
        left, right = _parse(old), _parse(new)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
    tally = Tally(look.tolerance)
    return tally.judged(NAME, _names(left, right) or _values(left, right, tally))


def _names(left: _File, right: _File) -> str | None:
    gone = sorted(left.tensors.keys() - right.tensors.keys())
    come = sorted(right.tensors.keys() - left.tensors.keys())
    if gone:
        return f"tensor `{gone[0]}` is missing in the reproduction"
    if come:
        return f"tensor `{come[0]}` is only in the reproduction"
    for name in sorted(left.texts.keys() | right.texts.keys()):
        if left.texts.get(name) != right.texts.get(name):
            return f"metadata `{name}` differs"
    for name, one in left.tensors.items():
        other = right.tensors[name]
        if (one.kind, one.shape) != (other.kind, other.shape):
            return f"{name}: {one.kind}{list(one.shape)} vs {other.kind}{list(other.shape)}"
    return None


def _values(left: _File, right: _File, tally: Tally) -> str | None:
    import numpy as np

    for name, one in left.tensors.items():
        other = right.tensors[name]

        def told(index: int, name: str = name, shape: tuple[int, ...] = one.shape) -> str:
            return f"{name} at {[int(i) for i in np.unravel_index(index, shape)]}"

        if one.kind == "BF16":
            found = _half_floats(_array(left, one), _array(right, other), tally, told)
        else:
            found = tally.numbers(_array(left, one), _array(right, other), told)
        if found is not None:
            return found
    return None


def _array(side: _File, tensor: _Tensor) -> np.ndarray:
    import numpy as np

    kind = np.dtype(_TYPES[tensor.kind])
    count = (tensor.end - tensor.start) // kind.itemsize
    return np.frombuffer(side.data, kind, count, tensor.start)


def _half_floats(
    left: np.ndarray, right: np.ndarray, tally: Tally, told: Callable[[int], str]
) -> str | None:
    """Compare brain floats, which are the upper halves of 32-bit ones, block by block."""
    import numpy as np

    step = 1 << 18
    for start in range(0, len(left), step):
        pair = [side[start : start + step].astype("<u4") << 16 for side in (left, right)]
        one, other = (side.view(np.float32) for side in pair)

        def place(index: int, start: int = start) -> str:
            return told(start + index)

        found = tally.numbers(one, other, place)
        if found is not None:
            return found
    return None


def _parse(data: bytes) -> _File:
    length = int.from_bytes(data[:_LENGTH_BYTES], "little")
    begin = _LENGTH_BYTES + length
    if len(data) < _LENGTH_BYTES or length > min(len(data), HEADER_BYTES_MAX) or begin > len(data):
        raise ValueError("no header")
    header = json.loads(data[_LENGTH_BYTES:begin].decode("utf-8"), object_pairs_hook=_unique)
    texts = header.pop("__metadata__", {})
    if len(header) > TENSORS_MAX or not all(isinstance(text, str) for text in texts.values()):
        raise ValueError("odd header")
    tensors = {name: _tensor(entry, begin) for name, entry in header.items()}
    at = begin
    for tensor in sorted(tensors.values(), key=lambda one: (one.start, one.end)):
        if tensor.start != at:
            raise ValueError("holes or overlaps")
        at = tensor.end
    if at != len(data):
        raise ValueError("bytes that belong to no tensor")
    return _File(data, tensors, texts)


def _tensor(entry: dict[str, Any], begin: int) -> _Tensor:
    import numpy as np

    kind, shape, (start, end) = entry["dtype"], entry["shape"], entry["data_offsets"]
    sizes = [*shape, start, end]
    if len(entry) != len(("dtype", "shape", "data_offsets")) or len(shape) > _DIMENSIONS_MAX:
        raise ValueError("odd tensor")
    if not all(type(size) is int and 0 <= size < 1 << 48 for size in sizes):
        raise ValueError("odd sizes")
    if math.prod(shape) * np.dtype(_TYPES[kind]).itemsize != end - start:
        raise ValueError("sizes do not fit")
    return _Tensor(kind, tuple(shape), begin + start, begin + end)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("repeated key")
    return found


SAFETENSORS = Canonicaliser(NAME, compare, suffixes=(".safetensors",))
