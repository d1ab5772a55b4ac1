"""How much of a Parquet file is unpacked at once: the sizes of its pages, read from their heads.

A file of some kilobytes may hold a page of gigabytes, which pyarrow unpacks whole, whatever few
rows are wanted. Heads are Thrift's compact protocol; of them only the sizes are read here.
Format: https://github.com/apache/parquet-format, `PageHeader`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    import pyarrow.parquet as pq

_HEAD_BYTES = 64 << 10
_PAGES_MAX = 20_000
_DEPTH_MAX = 8
_VARINT_BITS_MAX = 63
_TRUE, _FALSE, _BYTE, _DOUBLE, _BINARY, _STRUCT = 1, 2, 3, 7, 8, 12
_NUMBERS = frozenset({4, 5, 6})
_LISTS = frozenset({9, 10})


def largest_page(stream: BinaryIO, group: pq.RowGroupMetaData) -> int:
    """Return how many bytes the largest page of a row group has, unpacked.

    The stream is left where it was read last.

    Raises:
        ValueError: a head cannot be read, or there are too many.
    """
    most, pages = 0, 0
    for number in range(group.num_columns):
        column = group.column(number)
        at = column.data_page_offset
        if column.has_dictionary_page and 0 < column.dictionary_page_offset < at:
            at = column.dictionary_page_offset
        end = at + column.total_compressed_size
        while at < end:
            stream.seek(at)
            head = _Head(stream.read(min(_HEAD_BYTES, end - at)))
            unpacked, packed = head.sizes()
            most = max(most, unpacked)
            at += head.at + packed
            pages += 1
            if pages > _PAGES_MAX:
                why = f"over {_PAGES_MAX} pages in one row group"
                raise ValueError(why)
    return most


class _Head:
    """A page's head; `at` is where it ends, once it was read."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.at = 0

    def sizes(self) -> tuple[int, int]:
        """Return its sizes, unpacked and packed."""
        try:
            found = self._struct(0, keep=frozenset({2, 3}))
            unpacked, packed = found[2], found[3]
        except (IndexError, KeyError):
            why = "the head of a page cannot be read"
            raise ValueError(why) from None
        if unpacked < 0 or packed < 0:
            why = "a page has less than no bytes"
            raise ValueError(why)
        return unpacked, packed

    def _struct(self, depth: int, keep: frozenset[int] = frozenset()) -> dict[int, int]:
        if depth > _DEPTH_MAX:
            raise IndexError
        found: dict[int, int] = {}
        field = 0
        while kind := self._byte():
            field = field + (kind >> 4) if kind >> 4 else self._signed()
            value = self._value(kind & 15, depth)
            if field in keep:
                found[field] = value
        return found

    def _value(self, kind: int, depth: int) -> int:
        """Pass over a value; of numbers it is returned."""
        if kind in _NUMBERS:
            return self._signed()
        if kind == _STRUCT:
            self._struct(depth + 1)
        elif kind in _LISTS:
            self._list(depth)
        elif kind not in {_TRUE, _FALSE}:
            skipped = {_BYTE: 1, _DOUBLE: 8}
            self._skip(self._varint() if kind == _BINARY else skipped[kind])
        return 0

    def _list(self, depth: int) -> None:
        head = self._byte()
        count = head >> 4 if head >> 4 != 15 else self._varint()  # noqa: PLR2004 - four bits
        if count > len(self._data):
            raise IndexError
        for _ in range(count):
            if head & 15 in {_TRUE, _FALSE}:
                self._skip(1)
            else:
                self._value(head & 15, depth + 1)

    def _skip(self, count: int) -> None:
        self.at += count
        if self.at > len(self._data):
            raise IndexError

    def _byte(self) -> int:
        found = self._data[self.at]
        self.at += 1
        return found

    def _varint(self) -> int:
        found = shift = 0
        while True:
            byte = self._byte()
            found |= (byte & 127) << shift
            if byte < 128:  # noqa: PLR2004 - the top bit says that more follows
                return found
            shift += 7
            if shift > _VARINT_BITS_MAX:
                raise IndexError

    def _signed(self) -> int:
        found = self._varint()
        return (found >> 1) ^ -(found & 1)
