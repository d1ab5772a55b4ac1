"""The bounds and fixed numbers of the room."""

from __future__ import annotations

NAME_CHARS_MAX = 100
"""A dataset's name."""

DIGEST_CHARS_MIN = 4
"""The shortest beginning of a digest that names a version."""

NUMBER_CHARS_MAX = 6
"""Digits up to this many are a version's number; more are the beginning of a digest."""

MESSAGE_BYTES_MAX = 64 << 10
"""A version's message."""

CARD_TEXT_BYTES_MAX = 64 << 10
"""One field of a data card."""

CHECKPOINT_BYTES = 1 << 30
"""Bytes read after which an add makes durable what it has, so that less is read again."""

LEFT_OUT_MAX = 1000
"""Paths that an add names as left out; further ones are only counted."""

DROPS_PER_ENTRY_MAX = 5000
"""Versions that one entry puts out of sight."""
