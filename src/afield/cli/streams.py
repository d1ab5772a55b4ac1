"""The three streams that a call is handed, some of which the caller may have closed.

A closed one (`>&-`) is filled with the null device, so that no file of ours ever gets its
number; the null device is not inherited, so that a recorded command finds it closed as well.
"""

from __future__ import annotations

import os
import sys
from typing import TextIO


def fill_closed() -> frozenset[int]:
    """Open what the caller closed of stdin, stdout and stderr; return their numbers."""
    closed = set()
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            closed.add(os.open(os.devnull, os.O_RDWR))  # the lowest free number: this one
    if sys.stdin is None:
        sys.stdin = _null("r")
    if sys.stdout is None:
        sys.stdout = _null("w")
    if sys.stderr is None:
        sys.stderr = _null("w")
    return frozenset(closed)


def _null(mode: str) -> TextIO:
    return open(os.devnull, mode, encoding="utf-8")  # type: ignore[return-value] # noqa: PTH123 - for the whole call
