"""Bounds of the room."""

from __future__ import annotations

ID_CHARS_MAX = 250
NAME_CHARS_MAX = 250
VALUE_CHARS_MAX = 32
"""The longest word that stands in an entry as what somebody found; all else is prose."""

NESTING_MAX = 32
"""How deep the attributes of a span may nest."""

SPANS_MAX = 10_000
"""Spans in one request."""

PREVIEW_CHARS_MAX = 1000
SPANS_KEPT_BYTES_MAX = 32 << 20
"""Decoded spans that a process keeps for the next search, by the size of their objects."""
