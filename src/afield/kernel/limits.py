"""Bounds that more than one room keeps; each room's own bounds are in its `limits.py`."""

from __future__ import annotations

ENTRY_BYTES_MAX = 1 << 20
"""One journal line, checksum and newline included; more goes into an object."""

REFS_MAX = 10_000
"""Objects that one entry may name."""

JSON_DEPTH_MAX = 32
"""Nesting of a value that a person logs or configures."""
