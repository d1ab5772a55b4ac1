"""Protocol Buffers on the wire: the fields of one message, without a schema and without trust.

The encoding is that of https://protobuf.dev/programming-guides/encoding. What a field means is
told by whoever asks for its number. A message that is cut or malformed raises `ValueError`.
"""

from __future__ import annotations

import struct
from typing import Any

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
_VARINT_BYTES_MAX = 10
_MORE = 0x80
"""Set in each byte of an integer but its last."""

_DOUBLE = struct.Struct("<d")
_FLOAT = struct.Struct("<f")
_SIGN = 1 << 63
_WRAP = 1 << 64


def message(data: bytes) -> dict[int, list[Any]]:
    """Return the values of each field, in order: unsigned integers of varints, else bytes.

    Numbers and lengths below 128 are read in place: nearly all of them are.

    Raises:
        ValueError: it is no message.
    """
    found: dict[int, list[Any]] = {}
    at, end = 0, len(data)
    while at < end:
        key = data[at]
        at += 1
        if key >= _MORE:
            key, at = varint(data, at - 1)
        kind = key & 7
        if kind == BYTES:
            if at < end and data[at] < _MORE:
                size_bytes = data[at]
                at += 1
            else:
                size_bytes, at = varint(data, at)
        elif kind == VARINT:
            value, at = varint(data, at)
            found.setdefault(key >> 3, []).append(value)
            continue
        elif kind == FIXED64:
            size_bytes = 8
        elif kind == FIXED32:
            size_bytes = 4
        else:
            raise ValueError(f"a field of unknown kind {kind}")
        if at + size_bytes > end:
            raise ValueError("a field that is cut")
        found.setdefault(key >> 3, []).append(data[at : at + size_bytes])
        at += size_bytes
    return found


def varint(data: bytes, at: int) -> tuple[int, int]:
    """Return the integer that stands at a place, and the place behind it.

    Raises:
        ValueError: it is cut, or longer than 64 bits.
    """
    value = shift = 0
    for place in range(at, min(at + _VARINT_BYTES_MAX, len(data))):
        byte = data[place]
        value |= (byte & 0x7F) << shift
        if byte < _MORE:
            return value % _WRAP, place + 1
        shift += 7
    raise ValueError("an integer that does not end")


def text(found: dict[int, list[Any]], number: int) -> str:
    """Return the last value of a field as text; empty when it has none."""
    value = found.get(number, (b"",))[-1]
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else ""


def texts(found: dict[int, list[Any]], number: int) -> list[str]:
    """Return all values of a field as texts."""
    values = found.get(number, ())
    return [value.decode("utf-8", "replace") for value in values if isinstance(value, bytes)]


def inner(found: dict[int, list[Any]], number: int) -> dict[int, list[Any]]:
    """Return the last value of a field as a message; an empty one when it has none.

    Raises:
        ValueError: it is no message.
    """
    if number not in found:
        return {}
    value = found[number][-1]
    return message(value) if isinstance(value, bytes) else {}


def inners(found: dict[int, list[Any]], number: int) -> list[dict[int, list[Any]]]:
    """Return all values of a field as messages.

    Raises:
        ValueError: one is none.
    """
    return [message(value) for value in found.get(number, ()) if isinstance(value, bytes)]


def integer(found: dict[int, list[Any]], number: int) -> int:
    """Return the last value of an `int64` or `int32` field; 0 when it has none."""
    value = found.get(number, (0,))[-1]
    if not isinstance(value, int):
        return 0
    return value - _WRAP if value >= _SIGN else value


def double(value: object) -> float:
    """Return the number that the bytes of a `double` or `float` field are.

    Raises:
        ValueError: they are none.
    """
    if isinstance(value, bytes) and len(value) == _DOUBLE.size:
        return float(_DOUBLE.unpack(value)[0])
    if isinstance(value, bytes) and len(value) == _FLOAT.size:
        return float(_FLOAT.unpack(value)[0])
    raise ValueError("no floating-point number")


def numbers(values: list[Any], packed: str) -> list[float | int]:
    """Return a repeated field of fixed numbers, packed or not; `packed` is its `struct` letter.

    Raises:
        ValueError: the bytes are no whole numbers of that kind.
    """
    size_bytes = struct.calcsize(packed)
    found: list[float | int] = []
    for value in values:
        if not isinstance(value, bytes) or len(value) % size_bytes:
            raise ValueError("no packed numbers")
        found += struct.unpack(f"<{len(value) // size_bytes}{packed}", value)
    return found


def varints(values: list[Any]) -> list[int]:
    """Return a repeated field of integers, packed or not.

    Raises:
        ValueError: the bytes are no whole integers.
    """
    found: list[int] = []
    for value in values:
        if isinstance(value, int):
            found.append(value)
            continue
        at = 0
        while at < len(value):
            one, at = varint(value, at)
            found.append(one)
    return [one - _WRAP if one >= _SIGN else one for one in found]
