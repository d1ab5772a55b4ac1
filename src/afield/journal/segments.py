"""Reading segments, open or sealed, and sealing those that take no more entries.

`zstandard` is imported where it is needed: most commands meet no sealed segment.
"""

from __future__ import annotations

from afield.journal.limits import TEMPORARY_AGE_MS
from afield.journal.places import OPEN, SEALED, segments
from afield.kernel.clock import Clock
from afield.kernel.files import FileSystem

COMPRESSION_LEVEL = 3


def read_segment(files: FileSystem, folder: str, name: str, offset: int = 0) -> bytes | None:
    """Return a segment's bytes from `offset` of its uncompressed form, or None if unreadable.

    The sealed form wins where it verifies: the other may be about to go.
    """
    path = f"{folder}/{name}"
    for _ in range(2):  # the open form may go between the two looks
        if files.stat(path + SEALED) is not None:
            data = unpack(files.read(path + SEALED))
            if data is not None:
                return data[offset:]
        try:
            return files.read(path + OPEN, offset)
        except FileNotFoundError:
            continue
    return None


def unpack(data: bytes) -> bytes | None:
    """Return the content of a sealed segment, or None when it does not verify."""
    import zstandard

    try:
        reader = zstandard.ZstdDecompressor().decompressobj()
        content = reader.decompress(data)
    except zstandard.ZstdError:
        return None
    return content if reader.eof and not reader.unused_data else None


def sealed_size(files: FileSystem, folder: str, name: str) -> int:
    """Return the uncompressed size that a sealed segment claims; 0 when it cannot be read."""
    import zstandard

    try:
        size = zstandard.frame_content_size(files.read(f"{folder}/{name}{SEALED}", 0, 18))
    except (zstandard.ZstdError, OSError):
        return 0
    return max(size, 0)


def compact(files: FileSystem, folder: str, clock: Clock) -> None:
    """Bring all segments but the newest into their sealed form, oldest first.

    Needs no lock: such a segment never changes, and two who do this write the same bytes. A
    stop anywhere leaves one of the two forms whole. Faults leave the work for the next time.
    """
    try:
        names = files.list(folder)
        found = segments(names)
        for name in list(found)[:-1]:
            if OPEN in found[name]:
                _seal_segment(files, f"{folder}/{name}")
        oldest_ns = clock.wall_ns() - TEMPORARY_AGE_MS * 1_000_000
        for temporary in (name for name in names if ".tmp-" in name):
            stat = files.stat(f"{folder}/{temporary}")
            if stat is not None and stat.mtime_ns < oldest_ns:
                files.remove(f"{folder}/{temporary}")
    except FileNotFoundError:
        return  # somebody else is at it
    except OSError as error:
        import logging

        log = logging.getLogger(__name__)
        log.warning("journal segments in %s stay uncompressed for now: %s", folder, error)


def pack(content: bytes) -> bytes:
    """Return the sealed form of a segment's content."""
    import zstandard

    packer = zstandard.ZstdCompressor(level=COMPRESSION_LEVEL, write_checksum=True)
    return packer.compress(content)


def _seal_segment(files: FileSystem, path: str) -> None:
    content = files.read(path + OPEN)
    known = files.stat(path + SEALED)
    if known is None or unpack(files.read(path + SEALED)) != content:
        files.write_new(path + SEALED, pack(content))
    files.remove(path + OPEN)
