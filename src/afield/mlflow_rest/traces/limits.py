"""Bounds of traces, beside those of the room and of the protocol."""

from __future__ import annotations

PAGE = 100
PAGE_MAX = 500
BATCH_MAX = 1000
"""Traces that one request names."""

DELETED_MAX = 10_000
"""Traces that one request deletes by their age."""

LINKS_MAX = 100
PAIRS_MAX = 1000
"""Tags, or pieces of metadata, of one trace in one request."""

TAG_CHARS_MAX = 8000
ASSESSMENTS_MAX = 1000
RATIONALE_CHARS_MAX = 1 << 20
OTLP_BYTES_MAX = 32 << 20
"""A request of OpenTelemetry's, unpacked."""

MEASURED_MAX = 100_000
"""Traces of which one request asks a metric."""

METRICS_MAX = 1000
"""Data points in an answer."""

SCANNED_AT_ONCE = 200
"""Traces whose spans are looked at between two questions to the tables."""
