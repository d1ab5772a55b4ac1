"""How long and how many things of the team may be."""

from __future__ import annotations

CODE_CHARS_MAX = 500
LINK_CHARS_MAX = 300
NUMBER_MAX = 1 << 53
"""Integers up to here are the same in every reader of JSON."""

MANY_MAX = 200
"""Values of one set, and fields that one entry sets."""

PROSE_BYTES_MAX = 1 << 20
TITLE_CHARS_MAX = 200
ID_CHARS = 16
