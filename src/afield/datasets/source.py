"""What a version that was brought from elsewhere says of there.

The entry itself holds what it is called there, by which a second import knows it again. Names and
mail addresses of people stand in an object, so that they can be erased.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping

import msgspec

from afield.kernel.ids import ObjectId
from afield.vault import Vault

FIELDS = ("place", "commit", "author", "mail", "date")
"""What an object may say: the path there, and the commit with who, how to reach them, and when."""
_SALT_BYTES = 16
_VALUE_CHARS_MAX = 4000


class Source(msgspec.Struct, frozen=True):
    """Where a version was brought from.

    Attributes:
        kind: the tool: `dvc`, `folder`.
        key: what the version is called there: a digest.
        about: the object that `describe` made.
    """

    kind: str
    key: str
    about: ObjectId


def describe(values: Mapping[str, str], vault: Vault) -> ObjectId:
    """Keep what is known of a version's source; not flushed."""
    found = {name: values[name][:_VALUE_CHARS_MAX] for name in FIELDS if values.get(name)}
    salted = {**found, "salt": os.urandom(_SALT_BYTES).hex()}
    return vault.put(json.dumps(salted, ensure_ascii=False).encode("utf-8", "replace"), meta=True)


def read_source(data: bytes) -> dict[str, str]:
    """Return what an object says of a source; nothing when it is none."""
    try:
        found = json.loads(data)
    except ValueError:
        return {}
    known = found if isinstance(found, dict) else {}
    return {name: known[name] for name in FIELDS if isinstance(known.get(name), str)}
