"""Bounds of the room `replay`: how much of a file is looked into, and for how long."""

from __future__ import annotations

LOOK_BYTES_MAX = 256 << 20
"""A file, or what an archive unpacks to, is compared by content only up to this size."""

MEMBERS_MAX = 20_000
"""Members of one archive."""

DEPTH_MAX = 4
"""Archives within archives."""

PIXELS_MAX = 120_000_000
"""Pixels of one image that are decoded."""

JSON_DEPTH_MAX = 200
"""Nesting of a JSON file that is compared by values."""

INSIDE_TIMEOUT_S = 120.0
"""Comparing two pickles inside the rebuilt environment."""

INSIDE_TOTAL_S = 900.0
"""Comparing all pickles of one run inside the rebuilt environment."""

SERIES_POINTS_MAX = 20_000_000
"""Points of all metrics that are compared step by step; the rest by summary."""

DETAIL_CHARS_MAX = 200
"""One line that tells a difference."""

EVIDENCE_LINES_MAX = 60
"""Lines of evidence that go with a cause."""

INSTALL_TIMEOUT_S = 1800.0
"""Installing the distributions of one environment."""

ENVIRONMENT_WAIT_S = 1800.0
"""Waiting for another process that builds the same environment."""

FOLDER_OUTPUTS_MAX = 100_000
"""Outputs of one run that are judged."""

HEADER_BYTES_MAX = 16 << 20
"""The header of a safetensors file."""

TENSORS_MAX = 200_000
"""Tensors of one safetensors file."""

UBJSON_VALUES_MAX = 5_000_000
"""Values of one UBJSON file; an array of numbers counts as one."""

TABLE_BYTES_MAX = 4 << 30
"""What a Parquet or Arrow file may unpack to, taken batch by batch."""

TABLE_MEMORY_BYTES = 3 << 30
"""Address space of the process that reads Parquet and Arrow files."""

BATCH_ROWS = 1 << 16
"""Rows of a table that are in memory at a time."""

CATEGORIES_MAX = 1 << 20
"""Categories of one column of a table."""

DIFFERENCE_PIXELS_MAX = 4_000_000
"""Pixels of a difference image; larger ones are drawn smaller."""

PICTURES_MAX = 200
"""Difference images that one reproduction writes."""

BUNDLED_WHEEL_BYTES_MAX = 1 << 30
"""The largest distribution, installed, whose wheel goes into a bundle; packed in memory."""
