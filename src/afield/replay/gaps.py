"""What could not be restored or seen: a gap keeps a verdict from being better than it is."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Gap:
    """One thing that stands between the recorded run and its reproduction.

    Args:
        kind: `code`, `environment`, `input`, `secret`, `network`, `console`, `output`, `record`.
        detail: one line for people.
        missing: it is not there at all (rather than there, but another one).
        note: worth saying, but no reason to call a reproduction incomplete.
        unread: of a file that the run was not seen to read; named as a cause when no other is.
    """

    kind: str
    detail: str
    missing: bool = False
    note: bool = False
    unread: bool = False
