"""Bounds of the room."""

from __future__ import annotations

ID_CHARS_MAX = 250
NAME_CHARS_MAX = 250
TIME_MS_MAX = 253_402_300_799_999
"""The last millisecond of the year 9999."""

VALUE_CHARS_MAX = 32
"""The longest word that stands in an entry as what somebody found; all else is prose."""

NESTING_MAX = 32
"""How deep the attributes of a span may nest."""

NESTED_BYTES_MAX = 64 << 20
"""Depth times size of what is nested: each level is held at once."""

COUNT_MAX = 1 << 40
"""Tokens of a span; what is more counts nothing."""

SPANS_MAX = 10_000
"""Spans in one request."""

PREVIEW_CHARS_MAX = 1000
SPANS_KEPT_BYTES_MAX = 32 << 20
"""Decoded spans that a process keeps for the next search, by the size of their objects."""
