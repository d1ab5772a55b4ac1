"""Progress on stderr: `Progress` for steps, `Meter` for work on many files and bytes.

On a terminal the step or line under way is drawn anew; elsewhere finished steps are written, and
of long work a line a minute. A meter never draws more than five times a second, never wider than
the screen, and says how long it still takes only once that can be known.
"""

from __future__ import annotations

import math
import os
import sys
import time
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING, Self

import click

from afield.cli import words
from afield.cli.output import plain
from afield.cli.session import Session

if TYPE_CHECKING:
    from rich.status import Status

SHOWN_FROM_S = 0.1
DRAWN_FROM_S = 0.5
DRAWN_EVERY_S = 0.2
TOLD_EVERY_S = 60.0
"""How often somebody who is no terminal is told."""
SMOOTHED_OVER_S = 8.0
LEFT_KNOWN_AFTER_S = 2.0
LEFT_KNOWN_SURELY_AFTER_S = 10.0
LEFT_KNOWN_FROM_SHARE = 0.01
FILE_COSTS_BYTES = 64 * 1024
"""A small file takes about as long as so many bytes of a large one."""
COLUMNS = 80


class Progress:
    """One line a step; `step` ends the one before. Use as a context manager."""

    def __init__(self, session: Session, *, turning: bool = True) -> None:
        self._session = session
        self._label: str | None = None
        self._since = 0.0
        self._status: Status | None = None
        self._turns = turning and session.is_terminal(sys.stderr)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.done(failed=kind is not None)

    def step(self, label: str) -> None:
        """Begin a step; the one before is done."""
        if label == self._label:
            return
        self.done()
        self._label = label
        self._since = time.monotonic()
        if self._turns:
            from afield.cli.screen import screen

            console = screen(self._session, sys.stderr)
            self._status = console.status(plain(label), spinner="dots")
            self._status.start()

    def done(self, *, failed: bool = False) -> None:
        """End the step under way."""
        label, self._label = self._label, None
        if self._status is not None:
            self._status.stop()
            self._status = None
        if label is None:
            return
        took_s = time.monotonic() - self._since
        mark = click.style("✗", fg="red") if failed else click.style("✓", fg="green")
        took = f"  {words.duration(took_s)}" if took_s >= SHOWN_FROM_S else ""
        text = f"{mark} {plain(label)}{click.style(took, dim=True)}"
        click.echo(text, err=True, color=self._session.color)


class Meter:
    """One line on how far long work is, how fast it goes and how long it still takes.

    A context manager; the line is gone when it ends. Call it as the work's `progress`.

    Args:
        session: whose terminal it is; nothing is shown with `--json`.
        label: what is being done.
        total: files and bytes of the whole; None: not known (yet, see `expect`).
        noun: what is counted.
        clock: seconds that never go back.

    Attributes:
        files: how many were dealt with.
        size_bytes: of all that was dealt with.
    """

    def __init__(
        self,
        session: Session,
        label: str,
        total: tuple[int, int] | None = None,
        *,
        noun: str = "file",
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.files = 0
        self.size_bytes = 0
        self._label = label
        self._total = total
        self._noun = noun
        self._clock = clock
        self._session = session
        self._draws = session.is_terminal(sys.stderr) and session.environ.get("TERM") != "dumb"
        self._every_s = DRAWN_EVERY_S if self._draws else TOLD_EVERY_S
        self._since = self._looked = clock()
        self._next = self._since + (DRAWN_FROM_S if self._draws else TOLD_EVERY_S)
        self._bytes_rate = Smoothed()
        self._files_rate = Smoothed()
        self._drawn = False

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
        """Count what has been dealt with since the last call; draw the line when it is time."""
        self.reach(self.files + files, self.size_bytes + size_bytes)

    def expect(self, files: int, size_bytes: int) -> None:
        """Say how much it is in all, as soon as that is known, or known better."""
        self._total = (files, size_bytes)

    def expect_nothing(self) -> None:
        """Say that nobody knows how much it is."""
        self._total = None

    def turn_to(self, label: str) -> None:
        """Say what is being done now; the counts go on."""
        self._label = label

    def reach(self, files: int, size_bytes: int) -> None:
        """Say how much has been dealt with in all; draw the line when it is time."""
        now = self._clock()
        more = (files - self.files, size_bytes - self.size_bytes)
        self.files, self.size_bytes = files, size_bytes
        self._files_rate.add(more[0])
        self._bytes_rate.add(more[1])
        if now < self._next or self._session.json:
            return
        self._next = now + self._every_s
        self._clear()
        if self._draws:
            click.echo(self.line()[: self._columns()], err=True, nl=False)
            self._drawn = True
        else:
            click.echo(self.line(), err=True)

    def line(self) -> str:
        """Return the line: `adding 812 of 10,000 files, 24 MB of 250 MB, 31 MB/s, 10 s left`."""
        now = self._clock()
        spent_s, self._looked = now - self._looked, now
        self._files_rate.over(spent_s)
        self._bytes_rate.over(spent_s)
        parts = [f"{plain(self._label)} {self._counted()}"]
        if self.size_bytes:
            all_bytes = self._total[1] if self._total else 0
            of = f" of {words.size(all_bytes)}" if all_bytes > self.size_bytes else ""
            parts.append(f"{words.size(self.size_bytes)}{of}")
            parts.append(f"{words.size(int(self._bytes_rate.per_s))}/s")
        elif self._files_rate.per_s:
            parts.append(f"{self._files_rate.per_s:,.3g}/s")
        left_s = self._left_s(now - self._since)
        if left_s is not None:
            parts.append(f"{words.left(left_s)} left")
        return ", ".join(parts)

    def _counted(self) -> str:
        if self._total is None or self._total[0] < self.files:
            return words.count(self.files, self._noun)
        return f"{self.files:,} of {words.count(self._total[0], self._noun)}"

    def _left_s(self, took_s: float) -> float | None:
        """Return how long it still takes; None as long as that is a guess."""
        if self._total is None or self.files > self._total[0] or self.size_bytes > self._total[1]:
            return None
        done = self.size_bytes + FILE_COSTS_BYTES * self.files
        whole = self._total[1] + FILE_COSTS_BYTES * self._total[0]
        rate = self._bytes_rate.per_s + FILE_COSTS_BYTES * self._files_rate.per_s
        if took_s < LEFT_KNOWN_AFTER_S or rate <= 0:
            return None
        if done < LEFT_KNOWN_FROM_SHARE * whole and took_s < LEFT_KNOWN_SURELY_AFTER_S:
            return None
        return (whole - done) / rate

    def _columns(self) -> int:
        """Return how many characters fit before the line would break."""
        asked = self._session.environ.get("COLUMNS", "")
        if asked.isdigit() and int(asked):
            return int(asked) - 1
        try:
            return (os.get_terminal_size(sys.stderr.fileno()).columns or COLUMNS) - 1
        except (OSError, ValueError):
            return COLUMNS - 1

    def _clear(self) -> None:
        if self._drawn:
            click.echo("\r\x1b[2K", err=True, nl=False)
            self._drawn = False


class Smoothed:
    """A rate that follows what happened of late: a mean in which the past fades.

    Attributes:
        per_s: the rate.
    """

    def __init__(self) -> None:
        self.per_s = 0.0
        self._waiting = 0
        self._faded = 0.0
        self._weight = 0.0

    def add(self, amount: int) -> None:
        """Count something, to be smoothed with the next `over`."""
        self._waiting += amount

    def over(self, seconds: float) -> None:
        """Take in that all since the last call took this long."""
        if seconds <= 0:
            return
        keeps = math.exp(-seconds / SMOOTHED_OVER_S)
        self._faded = keeps * self._faded + (1 - keeps) * self._waiting / seconds
        self._weight = keeps * self._weight + (1 - keeps)
        self._waiting = 0
        self.per_s = self._faded / self._weight
