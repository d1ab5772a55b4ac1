"""A pack while it is being filled, in memory; it is written whole when it is full."""

from __future__ import annotations

from blake3 import blake3

from afield.vault.layout import (
    RECORD,
    Entry,
    index_block,
    pack_header,
    pack_trailer,
    record_header,
)


class PackBuilder:
    """Collects records, then gives the bytes of the pack, its name and its index lines."""

    def __init__(self, role: int) -> None:
        self._parts = [pack_header(role)]
        self._records: dict[bytes, tuple[Entry, int]] = {}
        self.size_bytes = len(self._parts[0])

    def __contains__(self, digest: bytes) -> bool:
        return digest in self._records

    def __len__(self) -> int:
        return len(self._records)

    def add(
        self,
        digest: bytes,
        payload: bytes,
        *,
        kind: int,
        codec: int,
        raw_bytes: int,
        size_bytes: int,
    ) -> None:
        """Append a record; `size_bytes` is the size of the whole object that it stands for."""
        entry = Entry(digest, self.size_bytes, len(payload), size_bytes)
        self._records[digest] = (entry, len(self._parts))
        self._parts.append(record_header(kind, codec, raw_bytes, len(payload), digest))
        self._parts.append(payload)
        self.size_bytes += RECORD.size + len(payload)

    def record(self, digest: bytes) -> tuple[bytes, int] | None:
        """Return the bytes of a record that waits here, and the size of its object."""
        found = self._records.get(digest)
        if found is None:
            return None
        entry, part = found
        return self._parts[part] + self._parts[part + 1], entry.size_bytes

    def finish(self) -> tuple[str, bytes, bytes]:
        """Return the pack's name, its bytes and its index lines; may be asked again."""
        block = index_block(entry for entry, _ in self._records.values())
        data = b"".join([*self._parts, block, pack_trailer(block, self.size_bytes)])
        return blake3(data).hexdigest(), data, block
