"""UBJSON, the binary model files of XGBoost: the values; key order and packing aside.

Read here by its published specification, typed arrays as NumPy arrays, so that no library of
the run is needed. A count that promises more than the file holds is no UBJSON.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any

from afield.replay.canonical.look import Canonicaliser, Look
from afield.replay.canonical.tally import Tally
from afield.replay.limits import JSON_DEPTH_MAX, UBJSON_VALUES_MAX
from afield.replay.text import clip, compare_text
from afield.replay.verdict import Grade, Judged

if TYPE_CHECKING:
    import numpy as np

NAME = "ubjson"
_NUMBERS = {
    b"i": (">i1", ">b"),
    b"U": (">u1", ">B"),
    b"I": (">i2", ">h"),
    b"l": (">i4", ">i"),
    b"L": (">i8", ">q"),
    b"d": (">f4", ">f"),
    b"D": (">f8", ">d"),
}
_CONSTANTS = {b"Z": None, b"T": True, b"F": False}
_FAULTS = (ValueError, struct.error, KeyError, IndexError, RecursionError)


class _Reader:
    """Reads one document, bounded by the file and by the number of values."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0
        self._values = 0

    def whole(self) -> Any:
        """Return the document, which must end where the file does."""
        value = self._value(self._marker(), 0)
        if self._at != len(self._data):
            raise ValueError("more after the end")
        return value

    def _take(self, count: int) -> bytes:
        if not 0 <= count <= len(self._data) - self._at:
            raise ValueError("cut short")
        self._at += count
        return self._data[self._at - count : self._at]

    def _marker(self) -> bytes:
        while (mark := self._take(1)) == b"N":
            pass
        return mark

    def _count(self, mark: bytes | None = None) -> int:
        kind, code = _NUMBERS[mark or self._take(1)]
        if "f" in kind:
            raise ValueError("a count that is no whole number")
        return int(struct.unpack(code, self._take(struct.calcsize(code)))[0])

    def _text(self) -> str:
        return self._take(self._count()).decode("utf-8")

    def _value(self, mark: bytes, depth: int) -> Any:
        self._values += 1
        if depth > JSON_DEPTH_MAX or self._values > UBJSON_VALUES_MAX:
            raise ValueError("too deep or too many values")
        if mark in _NUMBERS:
            code = _NUMBERS[mark][1]
            return struct.unpack(code, self._take(struct.calcsize(code)))[0]
        if mark in _CONSTANTS:
            return _CONSTANTS[mark]
        if mark in (b"S", b"H"):
            return self._text()
        if mark == b"C":
            return self._take(1).decode("latin-1")
        if mark == b"[":
            return self._list(depth)
        if mark == b"{":
            return self._object(depth)
        raise ValueError("no value")

    def _sized(self) -> tuple[bytes | None, int | None]:
        """Read the type and the count that may stand before the items."""
        kind, count = None, None
        if self._data[self._at : self._at + 1] == b"$":
            kind = self._take(2)[1:]
        if self._data[self._at : self._at + 1] == b"#":
            self._take(1)
            count = self._count()
            if count < 0:
                raise ValueError("a count below zero")
        if kind is not None and (count is None or kind in _CONSTANTS or kind == b"N"):
            raise ValueError("a type without a count, or items that take no bytes")
        return kind, count

    def _list(self, depth: int) -> Any:
        kind, count = self._sized()
        if kind in _NUMBERS and count is not None:
            return self._array(kind, count)
        items: list[Any] = []
        while count is None or len(items) < count:
            mark = kind or self._marker()
            if count is None and mark == b"]":
                break
            items.append(self._value(mark, depth + 1))
        return items

    def _array(self, kind: bytes, count: int) -> np.ndarray:
        import numpy as np

        dtype = np.dtype(_NUMBERS[kind][0])
        return np.frombuffer(self._take(count * dtype.itemsize), dtype)

    def _object(self, depth: int) -> dict[str, Any]:
        kind, count = self._sized()
        made: dict[str, Any] = {}
        read = 0
        while count is None or read < count:
            mark = self._marker()
            if count is None and mark == b"}":
                break
            key = self._take(self._count(mark)).decode("utf-8")
            if key in made:
                raise ValueError("repeated key")
            made[key] = self._value(kind or self._marker(), depth + 1)
            read += 1
        return made


def compare(old: bytes, new: bytes, look: Look) -> Judged | None:
    """Compare two documents by value."""
    try:
        left, right = _Reader(old).whole(), _Reader(new).whole()
        tally = Tally(look.tolerance)
        return tally.judged(NAME, difference(left, right, "", tally))
    except _FAULTS:
        return None


def difference(old: Any, new: Any, where: str, tally: Tally) -> str | None:  # noqa: PLR0911 - by type
    """Return the first difference of two values in words, or None; texts that hold numbers too.

    Args:
        old: what a document was read to.
        new: the other.
        where: names the place.
        tally: takes the differences within tolerance.
    """
    import numpy as np

    if isinstance(old, dict) and isinstance(new, dict):
        return _objects(old, new, where, tally)
    if isinstance(old, np.ndarray) and isinstance(new, np.ndarray):
        if (old.dtype, len(old)) != (new.dtype, len(new)):
            return f"{where}: {old.dtype}[{len(old)}] vs {new.dtype}[{len(new)}]"
        return tally.numbers(old, new, lambda index: f"{where}[{index}]")
    if isinstance(old, list | np.ndarray) and isinstance(new, list | np.ndarray):
        return _lists(old, new, where, tally)
    if isinstance(old, str) and isinstance(new, str):
        return _texts(old, new, where, tally)
    if isinstance(old, float) and isinstance(new, float):
        return tally.numbers(np.array([old]), np.array([new]), lambda _: where)
    same = isinstance(old, bool | None) == isinstance(new, bool | None) and old == new
    return None if same else clip(f"{where}: {_shown(old)} vs {_shown(new)}")


def _objects(old: dict[str, Any], new: dict[str, Any], where: str, tally: Tally) -> str | None:
    for key in old:
        if key not in new:
            return f"{where}.{key} is missing in the reproduction"
    for key in new:
        if key not in old:
            return f"{where}.{key} is only in the reproduction"
    for key, value in old.items():
        found = difference(value, new[key], f"{where}.{key}".lstrip("."), tally)
        if found is not None:
            return found
    return None


def _lists(old: Any, new: Any, where: str, tally: Tally) -> str | None:
    if len(old) != len(new):
        return f"{where}: {len(old)} vs {len(new)} items"
    pairs = zip(
        *(side if isinstance(side, list) else side.tolist() for side in (old, new)), strict=True
    )
    for index, (one, other) in enumerate(pairs):
        found = difference(one, other, f"{where}[{index}]", tally)
        if found is not None:
            return found
    return None


def _texts(old: str, new: str, where: str, tally: Tally) -> str | None:
    """Compare texts, which hold numbers too: XGBoost writes its parameters as text."""
    if old == new:
        return None
    told = clip(f"{where}: {_shown(old)} vs {_shown(new)}")
    if compare_text(old, new, tally.tolerance).grade is not Grade.TOLERANCE:
        return told
    tally.note(told)
    return None


def _shown(value: Any) -> str:
    return clip(repr(value), 60)


UBJSON = Canonicaliser(NAME, compare, suffixes=(".ubj",), magic=(b"{L\0\0\0\0\0\0\0\x07learner",))
