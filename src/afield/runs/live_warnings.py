"""What could not be recorded of a run, noted where space was taken for it when the run began.

A disk may be full by the time something is lost: then nothing but bytes that stand already can be
written. Whoever ends the run puts these words on its record. Nothing in them is the person's.
"""

from __future__ import annotations

import contextlib
import os

import msgspec

WARNINGS = "warnings.json"
_BYTES = 4096


def reserve_warnings(folder: str) -> None:
    """Take the space.

    Raises:
        OSError: the live folder cannot be written.
    """
    with open(os.path.join(folder, WARNINGS), "wb") as stream:
        stream.write(b" " * _BYTES)


def add_warnings(folder: str, *texts: str) -> None:
    """Note these, each once, as far as there is room; nothing where no space was taken."""
    with contextlib.suppress(OSError), open(os.path.join(folder, WARNINGS), "r+b") as stream:
        known = _decode(stream.read())
        data = b""
        for text in dict.fromkeys((*known, *texts)):
            more = msgspec.json.encode([*_decode(data), text])
            data = more if len(more) <= _BYTES else data
        stream.seek(0)
        stream.write(data.ljust(_BYTES))


def read_warnings(folder: str) -> tuple[str, ...]:
    """Return what was noted."""
    try:
        with open(os.path.join(folder, WARNINGS), "rb") as stream:
            return _decode(stream.read())
    except OSError:
        return ()


def _decode(data: bytes) -> tuple[str, ...]:
    try:
        return msgspec.json.decode(data, type=tuple[str, ...])
    except msgspec.MsgspecError:
        return ()
