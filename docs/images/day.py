"""Draws day.svg and wakes.svg from a real `afield demo --team`: all of it, and its end.

`python docs/images/day.py` plays the day anew and writes both beside this file.
"""

from __future__ import annotations

import os
import re
import tempfile
from pathlib import Path

from session import AFIELD, WIDTH, draw, on_a_terminal

LAST_ACT = "Mia wakes to the brief"


def main() -> None:
    """Play the day and write the pictures."""
    environ = {**os.environ, "TERM": "xterm-256color", "COLUMNS": str(WIDTH)}
    for name in ("NO_COLOR", "AFIELD_WORKSPACE", "AFIELD_RUN"):
        environ.pop(name, None)
    with tempfile.TemporaryDirectory(prefix="day-") as holder:
        words = [*AFIELD, "demo", "--team", "--folder", f"{holder}/day"]
        shown = on_a_terminal(words, Path(holder), environ)
        shown = [re.sub(re.escape(f"{holder}/day"), "~", line) for line in shown]
    start = next(number for number, line in enumerate(shown) if LAST_ACT in line)
    end = next(n for n, line in enumerate(shown) if n > start and "afield digest" in line)
    draw(shown[1:], "day.svg")
    draw(shown[start:end], "wakes.svg")


if __name__ == "__main__":
    main()
