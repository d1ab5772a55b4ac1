"""Progress on stderr: what is being done, then a tick and how long it took.

On a terminal the step under way turns (unless others write there meanwhile); elsewhere only
finished steps are written. Steps that were over at once are not worth a time.
"""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import TYPE_CHECKING, Self

import click

from afield.cli import words
from afield.cli.output import plain
from afield.cli.session import Session

if TYPE_CHECKING:
    from rich.status import Status

SHOWN_FROM_S = 0.1


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
