"""Bounds of the room."""

from __future__ import annotations

ID_CHARS = 24
"""Hex digits of a model's id: 96 bits of its name's digest."""

NAME_CHARS_MAX = 256
ALIAS_CHARS_MAX = 255
SOURCE_CHARS_MAX = 4096
LINK_CHARS_MAX = 2048
DESCRIPTION_CHARS_MAX = 1 << 20

NEAR_CHARS = 6
"""What is shown of a model's id behind its name, when two models took one name apart."""
