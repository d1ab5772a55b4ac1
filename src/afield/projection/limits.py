"""Bounds of the projection and of the query language."""

from __future__ import annotations

CHUNK_ENTRIES = 100_000
"""Entries folded in one transaction: what a writer may hold the database for (about 3 s).

Run ids come in no order, so each transaction writes most pages again: few are cheaper.
"""

CHUNK_REGISTERS = 600_000
"""Registers held in memory before they are written (some 100 to 200 MB)."""

BULK_ENTRIES = 8_000
"""A journal this long is folded into a new file when nothing of it is folded yet."""

PAGE_BYTES = 8 << 10
"""Pages of a new file: larger ones are fewer to find and to log, and a transaction logs more."""

STATEMENT_ROWS_MAX = 64
"""Rows that one statement writes."""

STATEMENT_VALUES_MAX = 900
"""Cells of those rows; SQLite before 3.32 binds 999 values at most."""

FRAME_BLOCKS_MIN = 16
"""Entries of one frame for which a statement of their own is worth making."""

CACHE_KIB = 64 * 1024
"""Pages that one connection keeps in memory at most."""

SORTED_KIB = 4 * 1024
"""What is sorted at a time for an index: what the processor keeps near is sorted fastest."""

BUSY_WAIT_S = 60.0
"""How long a reader waits for another one that is folding."""

QUARANTINE_SHOWN_MAX = 1_000
"""Set-aside entries that one question returns."""

QUERY_CHARS_MAX = 4_096
QUERY_DEPTH_MAX = 64
"""Nested parentheses and `not`s."""

QUERY_TERMS_MAX = 200
"""Comparisons in one query."""

QUERY_VALUES_MAX = 500
"""Values in one `in (...)`."""

QUERY_ORDERS_MAX = 8

PATTERN_CHARS_MAX = 256
PATTERN_WILDCARDS_MAX = 16

REGEX_CHARS_MAX = 1024
REGEX_BYTES_MAX = 256 << 10
"""Memory of one regular expression, its program and what it remembers while it is matched."""

REGEXES_KEPT = 64
"""Regular expressions that are kept compiled."""

POSTGRES_OLDEST = 14
"""The oldest version of PostgreSQL that is used."""

CONNECT_WAIT_S = 10
"""How long a connection may take."""

UPSERT_ROWS = 5_000
"""Rows that one statement writes in PostgreSQL."""

INDEXED_BYTES_MAX = 2_400
"""Bytes of texts in one entry of an index, of the 2,704 that PostgreSQL takes."""

PREFIX_CHARS = 255
"""Characters of a long text that an index has there."""

NARROW_ROWS = 1_000
"""Rows that are looked up one by one sooner than an index is walked for them, in a small table."""

NARROW_PAGE = 50
"""The rows of a page for which an index is walked, as a rule."""

FEW_VALUES_MAX = 500
"""Values of an attribute whose names are looked up for a page, rather than for each row."""
