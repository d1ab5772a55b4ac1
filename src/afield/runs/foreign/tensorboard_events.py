"""TensorBoard's event files: the framing of their records, and the events in them.

A record is its length (8 bytes, little-endian), the masked CRC-32C of those, the data, and its
masked CRC-32C (TensorFlow's TFRecord). The data is an `Event` of TensorFlow's `event.proto`; of
its summaries numbers, texts and what the hparams plugin says are taken.
"""

from __future__ import annotations

import math
import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, BinaryIO

from afield.runs.foreign.crc32c import masked
from afield.runs.foreign.protobuf_wire import (
    double,
    inner,
    inners,
    integer,
    message,
    numbers,
    text,
    varints,
)

_HEAD = struct.Struct("<QI")
_TAIL = struct.Struct("<I")
_RECORD_BYTES_MAX = 1 << 30
_LENGTHS_KEPT = 1000
_ONE_NUMBER = {1: "f", 2: "d", 3: "i", 4: "B", 5: "h", 6: "b", 9: "q", 19: "e", 22: "I", 23: "Q"}
"""Types of tensors (`types.proto`) by the `struct` letter of their bytes."""

_BOOLEAN, _STRING, _BFLOAT = 10, 7, 14
_STATUSES = {1: "finished", 2: "failed", 3: "interrupted"}


def records(
    stream: BinaryIO, faults: list[str], *, largest_bytes: int = _RECORD_BYTES_MAX
) -> Iterator[bytes]:
    """Yield the data of each whole record; say what is cut or damaged.

    Behind a record whose data is damaged reading goes on, behind a damaged length it cannot. Larger
    records than asked for are passed over, unread.
    """
    at = 0
    sound: set[bytes] = set()  # nearly all records are of a few lengths
    while head := stream.read(_HEAD.size):
        if len(head) < _HEAD.size:
            faults.append(f"cut at byte {at}")
            return
        length, check = _HEAD.unpack(head)
        if head not in sound:
            if masked(head[:8]) != check or length > _RECORD_BYTES_MAX:
                faults.append(f"damaged at byte {at}; nothing behind it was read")
                return
            if len(sound) < _LENGTHS_KEPT:
                sound.add(head)
        if length > largest_bytes:
            at = stream.seek(length + _TAIL.size, os.SEEK_CUR)
            continue
        body = stream.read(length + _TAIL.size)
        if len(body) < length + _TAIL.size:
            faults.append(f"cut at byte {at}")
            return
        data = body[:length]
        if masked(data) == _TAIL.unpack_from(body, length)[0]:
            yield data
        else:
            faults.append(f"a damaged record at byte {at}")
        at += _HEAD.size + length + _TAIL.size


@dataclass(slots=True)
class Hparams:
    """What the hparams plugin says of a run; times in Unix seconds."""

    values: dict[str, Any] = field(default_factory=dict)
    group: str = ""
    started_s: float | None = None
    ended_s: float | None = None
    status: str | None = None


@dataclass(slots=True)
class Event:
    """What an event says: points as (tag, number), texts as (tag, text)."""

    time_s: float
    step: int
    points: list[tuple[str, float]]
    texts: list[tuple[str, str]]
    others: list[tuple[str, str]]


class Decoder:
    """Turns records into events; a tag's plugin is told in its first summary only.

    Attributes:
        hparams: what the hparams plugin has said by now.
    """

    def __init__(self) -> None:
        self.hparams = Hparams()
        self._plugins: dict[str, str] = {}

    def event(self, data: bytes) -> Event:
        """Return what an event says.

        Raises:
            ValueError: it is none.
        """
        found = message(data)
        time_s = double(found[1][-1]) if 1 in found else 0.0
        event = Event(time_s, integer(found, 2), [], [], [])
        for value in inners(inner(found, 5), 1):
            self._take(event, value)
        return event

    def _take(self, event: Event, value: dict[int, list[Any]]) -> None:
        tag = text(value, 1)
        plugin = inner(inner(value, 9), 1)
        if plugin:
            self._plugins.setdefault(tag, text(plugin, 1))
        name = self._plugins.get(tag, "")
        if name == "hparams":
            self._hparams(plugin)
        elif 2 in value:  # noqa: PLR2004 - `simple_value`
            event.points.append((tag, double(value[2][-1])))
        elif 8 in value:  # noqa: PLR2004 - `tensor`
            tensor = inner(value, 8)
            number = None if name == "text" else number_in(tensor)
            words = texts_in(tensor)
            if number is not None and name in ("", "scalars"):
                event.points.append((tag, number))
            elif words:
                event.texts.append((tag, "\n\n".join(words)))
            else:
                event.others.append((tag, name or "tensors"))
        else:
            kinds = {3: "histograms", 4: "images", 5: "histograms", 6: "audio"}
            event.others += [(tag, kind) for number, kind in kinds.items() if number in value]

    def _hparams(self, plugin: dict[int, list[Any]]) -> None:
        """Take `HParamsPluginData`: the values at the start, the status at the end."""
        data = inner(plugin, 2)
        begun, ended = inner(data, 3), inner(data, 4)
        for pair in inners(begun, 1):
            self.hparams.values[text(pair, 1)] = _value(inner(pair, 2))
        self.hparams.group = text(begun, 4) or self.hparams.group
        if 5 in begun:  # noqa: PLR2004 - `start_time_secs`
            self.hparams.started_s = double(begun[5][-1])
        if ended:
            self.hparams.status = _STATUSES.get(integer(ended, 1))
            if 2 in ended:  # noqa: PLR2004 - `end_time_secs`
                self.hparams.ended_s = double(ended[2][-1])


def number_in(tensor: dict[int, list[Any]]) -> float | None:
    """Return the one number that a tensor holds; None when it holds none, or several.

    Raises:
        ValueError: its bytes are not what it says.
    """
    kind = integer(tensor, 1)
    found: list[float | int] = []
    if content := tensor.get(4):
        data = content[-1]
        if kind == _BFLOAT and len(data) == 2:  # noqa: PLR2004 - two bytes
            return float(struct.unpack("<f", b"\0\0" + data)[0])
        if kind in _ONE_NUMBER and len(data) == struct.calcsize(_ONE_NUMBER[kind]):
            return float(struct.unpack("<" + _ONE_NUMBER[kind], data)[0])
        return float(data[0]) if kind == _BOOLEAN and len(data) == 1 else None
    if 5 in tensor:  # noqa: PLR2004 - `float_val`
        found = numbers(tensor[5], "f")
    elif 6 in tensor:  # noqa: PLR2004 - `double_val`
        found = numbers(tensor[6], "d")
    elif 13 in tensor:  # noqa: PLR2004 - `half_val`: bits of a half, or of a bfloat
        bits = varints(tensor[13])
        wide = kind == _BFLOAT
        found = [
            struct.unpack("<f", struct.pack("<HH", 0, one & 0xFFFF))[0]
            if wide
            else struct.unpack("<e", struct.pack("<H", one & 0xFFFF))[0]
            for one in bits
        ]
    else:
        for number in (7, 10, 11, 16, 17):
            if number in tensor:
                found = list(varints(tensor[number]))
    return float(found[0]) if len(found) == 1 else None


def texts_in(tensor: dict[int, list[Any]]) -> list[str]:
    """Return the texts of a tensor of strings."""
    if integer(tensor, 1) != _STRING:
        return []
    return [one.decode("utf-8", "replace") for one in tensor.get(8, ()) if isinstance(one, bytes)]


def _value(value: dict[int, list[Any]]) -> Any:
    """Return a `google.protobuf.Value`: a number, text or boolean."""
    if 2 in value:  # noqa: PLR2004 - `number_value`
        number = double(value[2][-1])
        whole = math.isfinite(number) and number == int(number) and abs(number) < 1 << 53
        return int(number) if whole else number
    if 3 in value:  # noqa: PLR2004 - `string_value`
        return text(value, 3)
    return bool(integer(value, 4)) if 4 in value else None  # noqa: PLR2004 - `bool_value`
