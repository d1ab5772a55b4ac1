"""The fact that sync writes into the journal; light, for whoever only asks for its kind."""

from __future__ import annotations

SEEN = "journal.seen"
"""What a device has merged from others: their heads, once a sync."""
