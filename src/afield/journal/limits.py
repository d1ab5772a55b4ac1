"""The journal's own bounds; those shared with other rooms are in `kernel.limits`."""

from __future__ import annotations

SEGMENT_BYTES_MAX = 8 << 20
"""An open segment that has reached this many bytes takes no further write."""

SEAL_ENTRIES_MAX = 1_000
"""At least one entry of so many in a row is a seal."""

SEAL_BYTES_MAX = 4 << 20
"""Lines of so many bytes behind a seal are sealed: one log travels from seal to seal."""

BATCH_ENTRIES_MAX = 4_096
"""Entries in one batch handed to a reader."""

TAIL_BYTES = 512 << 10
"""How much of a segment's end is looked at first to find where to go on."""

WITNESS_BYTES_MAX = 16 << 10
"""The witness file is cut back to its newest line once it is larger."""

TEMPORARY_AGE_MS = 3_600_000
"""A temporary file this old belongs to a process that died."""

SYNC_WITHIN_S = 1.0
"""An entry appended without `durable` is on disk within this time."""
