"""TensorBoard's event files: everything but the wall-clock time of each event.

Scalars by tolerance; what else an event holds (texts, images, histograms, graphs) must be the same
to the byte. A file that is torn or damaged is left to its bytes.
"""

from __future__ import annotations

import io
from itertools import zip_longest
from typing import Any

from afield.replay.canonical.look import Canonicaliser, Look
from afield.replay.text import clip, close_value, same_value
from afield.replay.timing import is_duration_name
from afield.replay.verdict import Grade, Judged
from afield.runs.foreign.protobuf_wire import inner, inners, message
from afield.runs.foreign.tensorboard_events import Decoder, Event, records

NAME = "event file"
_WALL_TIME, _SUMMARY = 1, 5
_NUMBERS = (2, 8)
"""`simple_value` and `tensor` of a summary's value."""

_Fields = dict[int, list[Any]]


def compare_events(old: bytes, new: bytes, look: Look) -> Judged | None:
    """Compare two event files, event by event; None when one of them is not whole."""
    try:
        left, right = _events(old), _events(new)
    except ValueError:
        return None
    near: str | None = None
    for number, (one, other) in enumerate(zip_longest(left, right), start=1):
        if one is None or other is None:
            return Judged(Grade.DIVERGED, NAME, f"{len(left)} vs {len(right)} events")
        if one[0] == other[0]:
            continue
        grade, told = Grade.DIVERGED, "it says something else"
        if _without_numbers(one[0]) == _without_numbers(other[0]):
            grade, told = _difference(one[1], other[1], look.tolerance)
        if grade is Grade.DIVERGED:
            return Judged(grade, NAME, clip(f"event {number}: {told}"))
        if grade is Grade.TOLERANCE:
            near = near or f"event {number}: {told}"
    if near is not None:
        return Judged(Grade.TOLERANCE, NAME, clip(near))
    unjudged = (f"times not judged: {len(left)} events",)
    return Judged(Grade.CONTENT, NAME, "only the times of events differ", unjudged)


def _events(data: bytes) -> list[tuple[_Fields, Event]]:
    """Return each event's fields but its time, and what it says.

    Raises:
        ValueError: the file is torn, or holds something else.
    """
    faults: list[str] = []
    decoder = Decoder()
    found = []
    for record in records(io.BytesIO(data), faults):
        fields = message(record)
        fields.pop(_WALL_TIME, None)
        found.append((fields, decoder.event(record)))
    if faults:
        raise ValueError(faults[0])
    return found


def _without_numbers(fields: _Fields) -> tuple[_Fields, list[_Fields]]:
    """Return an event's fields without its summary, and the summary's values without numbers."""
    rest = {key: value for key, value in fields.items() if key != _SUMMARY}
    values = [
        {key: part for key, part in value.items() if key not in _NUMBERS}
        for value in inners(inner(fields, _SUMMARY), 1)
    ]
    return rest, values


def _difference(one: Event, other: Event, tolerance: float) -> tuple[Grade, str]:
    """Return how the scalars of two events differ; measured times are not judged."""
    tags = [tag for tag, _ in one.points]
    mixed = one.texts or one.others or other.texts or other.others
    if mixed or not tags or tags != [tag for tag, _ in other.points]:
        return Grade.DIVERGED, "it says something else"
    found, told = Grade.CONTENT, ""
    for (tag, value), (_, again) in zip(one.points, other.points, strict=True):
        if same_value(value, again) or is_duration_name(tag):
            continue
        found, told = Grade.TOLERANCE, f"{tag} at step {one.step}: {value:g} vs {again:g}"
        if not close_value(value, again, tolerance):
            return Grade.DIVERGED, told
    return found, told


EVENTS = Canonicaliser(
    NAME, compare_events, magic=(b"\x18\0\0\0\0\0\0\0\xa3\x7f\x4b\x22",)
)  # the first record is of 24 bytes: a time and `brain.Event:2`
