"""Comparing two files by what they hold: one small file per format, and their registry.

A canonicaliser is handed the bytes of both sides and says how they relate. It never loads a
pickle or runs code of the run in this process, keeps the bounds of `replay.limits`, and
returns None when the bytes are not of its format after all. A new one is one more file and one
line in `registry`.
"""

from __future__ import annotations

from afield.replay.canonical.look import Look
from afield.replay.canonical.registry import canonicaliser_names, judge

__all__ = ["Look", "canonicaliser_names", "judge"]
