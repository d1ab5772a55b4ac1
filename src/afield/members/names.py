"""Names of people and of their machines, as objects: an entry can never be erased, an object can.

Entries name the object. Who a name belongs to stands in the entry; nothing is looked up here.
"""

from __future__ import annotations

import os

_NAME_CHARS_MAX = 200
_SALT_BYTES = 16


def to_object(name: str) -> bytes:
    """Return an object that holds a name; another one each time.

    Without the salt its digest, which stands in entries for good, would confirm a guess.
    """
    import json  # a run that starts makes no name

    found = {"name": name, "salt": os.urandom(_SALT_BYTES).hex()}
    return json.dumps(found, ensure_ascii=False).encode("utf-8", "replace")


def from_object(data: bytes) -> str:
    """Return the name that an object holds; empty when it holds none."""
    import json  # the same

    try:
        found = json.loads(data)
    except ValueError:
        return ""
    name = found.get("name") if isinstance(found, dict) else None
    return printable(name) if isinstance(name, str) else ""


def printable(name: str) -> str:
    """Return a name as one short line."""
    kept = "".join(sign if sign.isprintable() else " " for sign in name)
    return " ".join(kept.split())[:_NAME_CHARS_MAX]
