"""Where a file is cut: FastCDC v2020, so that an edit changes only the chunks around it.

The boundaries are part of the format only in so far as equal bytes should deduplicate; a
reader never needs them.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any, BinaryIO, cast

from afield.vault.errors import ChunkerSlow
from afield.vault.limits import (
    CHUNK_BYTES,
    CHUNK_NORMALISATION,
    ROW_CHUNK_BYTES,
    ROW_SUFFIXES,
)


def is_rows(path: str) -> bool:
    """Tell by a file's name whether it holds rows of text."""
    return path.lower().endswith(ROW_SUFFIXES)


def smallest(*, rows: bool) -> int:
    """Return the size up to which data is one chunk and needs no chunker."""
    return (ROW_CHUNK_BYTES if rows else CHUNK_BYTES)[0]


def cut(data: bytes, *, rows: bool) -> Iterator[memoryview]:
    """Yield the chunks of `data`, as views of it."""
    return (chunk.data for chunk in _chunker(rows=rows).cut_buf(data))


def cut_stream(stream: BinaryIO, *, rows: bool) -> Iterator[memoryview]:
    """Yield the chunks of a stream; each view is good until the next is asked for."""
    return (chunk.data for chunk in _chunker(rows=rows).cut_stream(stream))


def load_chunker() -> None:
    """Load what cuts files, which takes some milliseconds, before there is one to cut."""
    _chunker(rows=False)


def is_native(chunker: type) -> bool:
    """Tell whether a class of pyfastcdc is the compiled one.

    The package has no flag for it; its compiled classes live in `pyfastcdc.cy`, and only the
    import of its fallback warns.
    """
    return chunker.__module__.startswith("pyfastcdc.cy")


def require_native(chunker: type) -> None:
    """Refuse the pure-Python fallback, which would take minutes where seconds are expected.

    Raises:
        ChunkerSlow: `chunker` is not the compiled one.
    """
    if not is_native(chunker):
        raise ChunkerSlow(
            "cannot cut files into chunks",
            "pyfastcdc",
            "only its pure-Python form is installed, some 200 times slower",
            hint="PYFASTCDC_REQUIRE_CYTHON=1 pip install --force-reinstall pyfastcdc",
        )


@cache
def _chunker(*, rows: bool) -> Any:
    """Return the chunker of a kind of data; what it has cut so far stands in its iterators."""
    # Imported late: most commands and most small runs never cut a file.
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # said by require_native, as a refusal
        from pyfastcdc import FastCDC

    require_native(cast("type", FastCDC))
    low, average, high = ROW_CHUNK_BYTES if rows else CHUNK_BYTES
    return FastCDC(
        average, min_size=low, max_size=high, normalized_chunking=CHUNK_NORMALISATION, seed=0
    )
