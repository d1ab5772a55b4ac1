"""Bounds of the room: sizes of names, values, windows, blocks and entries."""

from __future__ import annotations

NAME_BYTES_MAX = 1 << 10
"""A metric, param or tag name; longer ones are cut and end in `...`."""

TEXT_BYTES_MAX = 8 << 10
"""A param, tag or summary value that stands in an entry; longer ones become an object."""

METRICS_MAX = 1_000_000
"""Different metrics in one process of one run; further ones are dropped with a warning."""

NESTING_MAX = 16
"""Depth of dictionaries that are flattened into `a/b` names; deeper ones become text."""

MEASURED_BYTES_MAX = 500 << 10
"""Metric summaries in one `run.measured` entry, roughly, as JSON."""

VALUES_BYTES_MAX = 500 << 10
"""Params or summary values in one entry, as JSON at its worst (six bytes a character)."""

TAGS_PER_ENTRY_MAX = 15
"""Tags in one entry: texts of up to `TEXT_BYTES_MAX`, at six bytes a character at the worst."""

WINDOW_BYTES_MAX = 1 << 18
"""The part of a live series file that is mapped at once; bounds the memory of logging."""

BLOCK_RECORDS = 1 << 13
"""Records that are transposed and compressed together when a series is sealed."""

BLOCK_RECORDS_MAX = 1 << 16
"""The most that the format allows in one block."""

INLINE_BYTES_MAX = 4 << 10
"""A sealed series up to this size stands in the entry itself, without an object."""

CACHE_BYTES_MAX = 2 << 30
"""Decoded series that a workspace keeps on disk; the least recently read go first."""

FOREIGN_ORPHAN_AGE_S = 24 * 3600
"""How long a live folder of another host must have been still before it is an orphan."""

OPEN_SERIES_MAX = 256
"""Live files of served runs that one process keeps open; the least recently used are closed."""

SERVED_LOCKS = 64
"""Locks that all served runs share: writers of one run exclude each other."""

IDLE_SEAL_S = 300.0
"""How long nothing came for a run that had ended before it is sealed again."""

SETTLED_RECORDS_MAX = 4_000_000
"""Points of a served run that are sorted in memory when it is sealed (32 bytes each, twice)."""

PROGRESS_KEPT = 4_096
"""Running runs of which a server remembers how far it has read them."""

TELLINGS_AT_ONCE = 20
"""Entries that tell how far a running run is, each as soon as somebody sorts by a metric."""

TELLING_PAUSE_S = 10.0
"""How long after such an entry the next one waits, once there were that many."""
