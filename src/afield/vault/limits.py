"""The bounds and fixed numbers of the vault; those of the format may never change."""

from __future__ import annotations

from typing import Final

CHUNK_BYTES = (16 << 10, 64 << 10, 256 << 10)
"""Smallest, average and largest chunk of general data. Smaller files are one chunk."""

ROW_CHUNK_BYTES = (4 << 10, 16 << 10, 64 << 10)
"""The same for text of rows, where an edit touches a line."""

CHUNK_NORMALISATION: Final = 1
"""FastCDC's normalisation level."""

ROW_SUFFIXES = (".csv", ".tsv", ".jsonl", ".ndjson")
"""Names of files whose bytes are rows of text; chosen by type, never by size."""

SAVING_MIN = 0.03
"""The share that compression must save, or the bytes are kept as they are."""

COMPRESS_BYTES_MIN = 64
"""Below this nothing is compressed: a frame's own bytes eat what it saves."""

DULL_CHUNKS = 8
"""Of a large file in which so many chunks in a row did not compress, every eighth is tried."""

PACK_BYTES = 8 << 20
"""A pack is closed before it would pass this: what a broken link may cost."""

PACK_BYTES_MAX = 64 << 20
"""A reader refuses to load a larger pack, index or record."""

RECIPE_ITEMS = 4096
"""Chunks that one recipe lists; a longer file is a recipe of recipes."""

RECIPE_ITEMS_MAX = 1 << 20
"""Items that a reader accepts in one recipe."""

RECIPE_DEPTH_MAX = 8
"""Recipes inside recipes that a reader follows."""

WHOLE_READ_BYTES = 4 << 20
"""Files up to this size are read at once; larger ones are streamed."""

BLOCK_BYTES = 1 << 20
"""One read of a stream."""

AHEAD_BYTES = (64 << 10, 256 << 10)
"""Least and most that is read of a pack at once by who writes many objects to files."""

LOCATED_AT_ONCE = 1 << 17
"""Objects that are looked for in the indexes at once: some 30 MB."""

TREE_ENTRIES_MAX = 5_000_000
"""Entries of one tree."""

INDEXES_HELD = 64
"""Indexes of packs that stay in memory, the last used ones."""

FRESH_PACKS_MIN = 64
"""Packs whose index was read, before the list of all packs is kept anew: as long as that takes."""

FRESH_PACKS_SHARE = 32
"""Of very many packs that are known, one in so many is to be news: all writing stays cheap."""

PACKS_MAX = 1 << 20
"""Packs that one process can tell apart (8 TiB of stored bytes)."""

STAT_CACHE_FILES_MAX = 1_000_000
"""Files that a stat cache keeps; some 75 bytes each."""

STAT_CACHE_FRESH_MAX = 1 << 15
"""Files of which it has just learnt and that it has not sorted in."""

USERS_DEAD_MAX = 64
"""Lists of what processes rely on, before those of dead ones are cleared away."""

SWEPT_SHARE_MIN = 0.25
"""A pack is written anew without what nobody needs, when that is this share of it."""

TEMPORARY_AGE_NS = 24 * 3600 * 1_000_000_000
"""A half-written file is swept when it is this much older than the newest pack."""
