"""What can go wrong with traces, with the stable codes.

Usage     `- SpansBad       traces.spans_bad
NotFound  `- TraceNotFound  traces.not_found
"""

from __future__ import annotations

from afield.kernel.errors import NotFound, Usage


class SpansBad(Usage):
    """What is to be spans is none that can be kept."""

    code = "traces.spans_bad"


class TraceNotFound(NotFound):
    """No trace has this id."""

    code = "traces.not_found"
