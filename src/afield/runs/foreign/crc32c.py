"""CRC-32C (Castagnoli, RFC 3720 appendix B.4), which TensorFlow guards its records with.

The standard library has CRC-32 of another polynomial only. Short data is taken byte by byte
(two at a time are no quicker), long data in lanes side by side with numpy, joined at the end.
"""

from __future__ import annotations

from functools import cache
from typing import Any

_POLYNOMIAL = 0x82F63B78
_LANE_BYTES = 1 << 10
_LANES_FROM_BYTES = 256 << 10
_ALL = 0xFFFFFFFF
_MASK_DELTA = 0xA282EAD8


def _row(byte: int) -> int:
    for _ in range(8):
        byte = byte >> 1 ^ (_POLYNOMIAL if byte & 1 else 0)
    return byte


_TABLE = tuple(_row(byte) for byte in range(256))


def crc32c(data: bytes) -> int:
    """Return the CRC-32C of bytes."""
    crc, at = _ALL, 0
    if len(data) >= _LANES_FROM_BYTES:
        crc, at = _lanes(data)
    table = _TABLE
    for byte in memoryview(data)[at:]:
        crc = crc >> 8 ^ table[(crc ^ byte) & 0xFF]
    return crc ^ _ALL


def masked(data: bytes) -> int:
    """Return the CRC-32C as TensorFlow's records have it: turned by 15 bits, and moved."""
    crc = crc32c(data)
    return ((crc >> 15 | crc << 17) + _MASK_DELTA) & _ALL


def _lanes(data: bytes) -> tuple[int, int]:
    """Return the register behind the whole lanes of data, and how many bytes they are."""
    import numpy as np  # heavy

    count = len(data) // _LANE_BYTES
    end = count * _LANE_BYTES
    table = np.array(_TABLE, np.uint32)
    columns = np.frombuffer(data, np.uint8, end).reshape(count, _LANE_BYTES).T.copy()
    lanes = np.zeros(count, np.uint32)
    for column in columns:
        lanes = lanes >> np.uint32(8) ^ table[(lanes ^ column) & np.uint32(0xFF)]
    first, second, third, fourth = _skipping()
    crc = _ALL
    for lane in lanes.tolist():
        crc = (
            first[crc & 0xFF]
            ^ second[crc >> 8 & 0xFF]
            ^ third[crc >> 16 & 0xFF]
            ^ fourth[crc >> 24]
            ^ lane
        )
    return crc, end


@cache
def _skipping() -> tuple[Any, ...]:
    """Return, by byte of the register, what it becomes when a lane of zeros goes through it."""
    import numpy as np  # heavy

    table = np.array(_TABLE, np.uint32)
    tables = []
    for shift in (0, 8, 16, 24):
        register = np.arange(256, dtype=np.uint32) << np.uint32(shift)
        for _ in range(_LANE_BYTES):
            register = register >> np.uint32(8) ^ table[register & np.uint32(0xFF)]
        tables.append(register.tolist())
    return tuple(tables)
