"""What a server takes at most, in one place."""

from __future__ import annotations

BODY_BYTES_MAX = 4 << 20
"""Of what is sent to the API."""

PAGE_MAX = 1_000
"""Rows of one page."""

OFFSET_MAX = 2**53
"""Rows left out before a page: a whole number that JavaScript can hold."""

COLUMNS_MAX = 200
"""Params, metrics and tags that a page of runs tells, when they are chosen."""

MARKED_MAX = 1_000
"""Runs that are marked, deleted or restored at once."""

QUERY_CHARS_MAX = 10_000
NAMES_MAX = 500
POINTS_MAX = 10_000
"""Points of one series in one answer."""

SERIES_MAX = 500
"""Series in one answer."""

CONSOLE_BYTES_MAX = 1 << 20
"""Of a console, in one answer."""

EVENT_WAIT_S = 15.0
"""After so long without news a stream of events says that it is still there."""

COMPARED_MAX = 200
"""Runs that are compared at once."""

PATH_CHARS_MAX = 4096
BLOCK_BYTES = 256 << 10
"""Of a file, read and sent at a time."""

ACTIVITY_MAX = 500
"""Things that happened, in one answer."""

FILES_MAX = 10_000
"""Files of a version that are listed at once."""

DIFF_BYTES_MAX = 512 << 10
"""Of a file that is compared line by line; of larger ones only sizes are told."""

DIFF_LINES_MAX = 5_000

ROWS_MAX = 200
"""Rows of a table of data, shown as a sample."""

SEARCH_CHARS_MAX = 500
FOUND_MAX = 50
"""Things of each kind that a search finds."""

RUNNING_MAX = 50
"""Running runs of which it is told how far they are."""

PREVIEW_BYTES_MAX = 256 << 10
"""Of a text that is shown."""

NOTEBOOK_BYTES_MAX = 16 << 20
CELLS_MAX = 500
PICTURE_CHARS_MAX = 4 << 20
"""Of one picture in a notebook, in base64."""

JUDGED_MAX = 5_000
"""Runs from which it is told which params go along with a metric."""

ENTRIES_MAX = 500
"""Entries of the journal in one answer."""

ENTRIES_READ_MAX = 20_000
"""Entries that are looked at for one answer."""

LIVE_WAIT_S = 1.0
"""How often it is looked at what running runs have logged, for those who follow them."""
