"""A pack as several smaller ones, for a link that does not hold for a whole pack. Pure.

The parts are packs like any other; whoever has all of them has all that the pack holds.
"""

from __future__ import annotations

from collections.abc import Iterator

from afield.vault.layout import RECORD, entries_of
from afield.vault.packs import index_block_of, without


def parts(data: bytes, size_bytes: int) -> Iterator[tuple[str, bytes]]:
    """Yield the parts of a pack, each with its name, in the order of its records.

    The same pack always gives the same parts.

    Args:
        data: the pack.
        size_bytes: how large a part may be, unless one record is larger.
    """
    group: set[bytes] = set()
    left_bytes = size_bytes
    for entry in sorted(entries_of(index_block_of(data)), key=lambda entry: entry.offset):
        record_bytes = RECORD.size + entry.stored_bytes
        if group and record_bytes > left_bytes:
            yield _only(data, group)
            group, left_bytes = set(), size_bytes
        group.add(entry.digest)
        left_bytes -= record_bytes
    yield _only(data, group)


def _only(data: bytes, digests: set[bytes]) -> tuple[str, bytes]:
    made = without(data, lambda digest: digest not in digests)
    assert made is not None, "a part holds a record at least"
    return made
