"""Typed ids, made at random and parsed at the edge.

Ids are lower-case Crockford base32 (no i, l, o, u), so that they can be read aloud.
People may type any unique prefix; only the edge resolves prefixes.
"""

from __future__ import annotations

import os
from typing import NewType

from afield.kernel.errors import Usage
from afield.kernel.late import late

RunId = NewType("RunId", str)
"""16 characters, 80 random bits."""

MemberId = NewType("MemberId", str)
"""16 characters, 80 random bits."""

WorkspaceId = NewType("WorkspaceId", str)
"""26 characters, 130 random bits."""

DeviceId = NewType("DeviceId", str)
"""The first 32 hex digits of the BLAKE3 of the device's Ed25519 public key (32 raw bytes)."""

ObjectId = NewType("ObjectId", str)
"""64 hex digits: BLAKE3-256 of the object's bytes (in the `open` scope)."""

ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_RUN = late(r"[0-9a-hjkmnp-tv-z]{16}")
_HEX64 = late(r"[0-9a-f]{64}")


def random_id(length: int) -> str:
    """Return `length` random base32 characters (5 bits each) from the OS's entropy."""
    raw = os.urandom(length)
    return "".join(ALPHABET[byte & 31] for byte in raw)


def new_run_id() -> RunId:
    """Make a run id."""
    return RunId(random_id(16))


def new_member_id() -> MemberId:
    """Make a member id."""
    return MemberId(random_id(16))


def new_workspace_id() -> WorkspaceId:
    """Make a workspace id."""
    return WorkspaceId(random_id(26))


def parse_run_id(text: str) -> RunId:
    """Parse a full run id.

    Raises:
        Usage: the text is no run id.
    """
    if not _RUN().fullmatch(text):
        raise Usage("not a run id", text, "16 characters of 0-9 a-z without i, l, o, u")
    return RunId(text)


def parse_object_id(text: str) -> ObjectId:
    """Parse a full object id.

    Raises:
        Usage: the text is no object id.
    """
    if not _HEX64().fullmatch(text):
        raise Usage("not an object id", text, "64 hex digits")
    return ObjectId(text)
