"""The bounds and fixed numbers of the room."""

from __future__ import annotations

NAME_CHARS_MAX = 100
"""A dataset's name."""

DIGEST_CHARS_MIN = 4
"""The shortest beginning of a digest that names a version."""

NUMBER_CHARS_MAX = 6
"""Digits up to this many are a version's number; more are the beginning of a digest."""

MESSAGE_BYTES_MAX = 64 << 10
"""A version's message."""

CARD_TEXT_BYTES_MAX = 64 << 10
"""One field of a data card."""

CHECKPOINT_BYTES = 1 << 30
"""Bytes read after which an add makes durable what it has, so that less is read again."""

TOLD_FILES = 64
"""Small or unchanged files after which who shows progress is told."""

TOLD_BYTES = 1 << 20
"""The same in bytes."""

HELD_ENTRIES = 1 << 15
"""Files of a version of which all entries are in memory at once; some 300 bytes each."""

LEFT_OUT_MAX = 1000
"""Paths that an add names as left out; further ones are only counted."""

DROPS_PER_ENTRY_MAX = 5000
"""Versions that one entry puts out of sight."""

BATCH_ROWS = 1 << 15
"""Rows of a table that are looked at together."""

TEXT_BLOCK_BYTES = 1 << 19
"""Bytes of a text table that are parsed together, and of a Parquet column read ahead."""

HEAD_BYTES = 1 << 16
"""Of a CSV file, read to see what stands between its columns."""

LINE_BYTES_MAX = 64 << 20
"""One line of JSON Lines."""

RETYPES_MAX = 200
"""Columns of a text table whose type may turn out to be another than its first rows show."""

PROFILED_FILES_MAX = 200
"""Tables of one version that are profiled, the largest ones; the others are counted."""

HISTOGRAM_BUCKETS = 20
"""Buckets of a histogram; fewer for whole numbers that take fewer values."""

HISTOGRAM_BYTES_MAX = 32 << 20
"""Of the sketches that are read to draw a version's histograms."""

PROFILED_COLUMNS_MAX = 2000
"""Columns of a table that are profiled; further ones are counted."""

EXACT_DISTINCT_MAX = 1024
"""Up to this many values of a column are counted exactly; more are estimated."""

SKETCH_K = 256
"""Size of the quantile sketch; 256 gives ranks within about 1 %."""

VALUE_CHARS_MAX = 100
"""Characters of a text that stand as a column's least or greatest value."""

DIFFED_TABLES_MAX = 100
"""Tables that a diff compares row by row, the largest ones; the others are named."""

PART_BYTES = 16 << 20
"""Of a table in memory: what is compared by key at once, roughly."""

PARTS_MAX = 256
"""Parts of a table that is compared by key; each is an open file."""

EXAMPLES_MAX = 5
"""Rows that a diff names as examples."""

ADVISED_BYTES_MIN = 1 << 20
"""Parquet files from this size on are looked at for what keeps them from sharing bytes."""

ADVISED_FILES_MAX = 50
"""Parquet files of one version that are looked at so, the largest ones."""

BATCH_BYTES_MAX = 48 << 20
"""A record batch of an Arrow file that is looked at; pyarrow reads them whole."""

WHOLE_BLOCK_BYTES = 16 << 20
"""Bytes of a text table that are parsed together for who takes all of it into memory anyway."""
