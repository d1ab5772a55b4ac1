"""Patterns that are compiled when they are first used.

A process that starts a run reads a hundred rules and needs few of them; compiling one costs more
than loading a module. Nothing here matches anything.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache, partial
from typing import AnyStr


def late(pattern: AnyStr) -> Callable[[], re.Pattern[AnyStr]]:
    """Return a call that gives the compiled pattern; it is compiled once, by the first call."""
    return cache(partial(re.compile, pattern))
