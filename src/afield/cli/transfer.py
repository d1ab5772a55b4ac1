"""Progress of work on many bytes: how far, how fast, and how long it still takes.

On a terminal one line that is drawn anew a few times a second; elsewhere nothing, for the answer
itself says what was done.
"""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import Self

import click

from afield.cli import words
from afield.cli.session import Session

DRAWN_EVERY_S = 0.2
SHOWN_FROM_S = 0.5


class Transfer:
    """A line on stderr while files are dealt with; call it as the work's `progress`.

    Args:
        session: whose terminal it is.
        label: what is being done.
        total: files and bytes of the whole, when known.
    """

    def __init__(self, session: Session, label: str, total: tuple[int, int] | None = None) -> None:
        self._label = label
        self._total = total
        self._drawn = False
        self._since = time.monotonic()
        self._next = self._since + SHOWN_FROM_S
        self._draws = session.is_terminal(sys.stderr) and not session.json
        self.files = 0
        self.size_bytes = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._clear()

    def __call__(self, files: int, size_bytes: int) -> None:
        """Count what has been dealt with, and draw the line when it is time."""
        self.files += files
        self.size_bytes += size_bytes
        if self._draws and (now := time.monotonic()) >= self._next:
            self._next = now + DRAWN_EVERY_S
            self._clear()
            self._drawn = True
            click.echo(self.line(now - self._since), err=True, nl=False)

    def line(self, took_s: float) -> str:
        """Return the line: `adding 812 of 10,000 files, 24 MB of 250 MB, 31 MB/s, 7.2 s left`."""
        rate = self.size_bytes / took_s if took_s > 0 else 0.0
        files, size = words.count(self.files, "file"), words.size(self.size_bytes)
        if self._total is None:
            return f"{self._label} {files}, {size}, {words.size(int(rate))}/s"
        all_files, all_bytes = self._total
        text = f"{self._label} {self.files:,} of {words.count(all_files, 'file')}"
        text += f", {size} of {words.size(all_bytes)}, {words.size(int(rate))}/s"
        if rate > 0 and all_bytes >= self.size_bytes:
            text += f", {words.duration((all_bytes - self.size_bytes) / rate)} left"
        return text

    def _clear(self) -> None:
        if self._drawn:
            click.echo("\r\x1b[2K", err=True, nl=False)
            self._drawn = False
