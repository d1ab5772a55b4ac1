"""What is drawn for people: the console with the right width and colours, and its styles.

The only module that makes a rich console; imported by commands when they draw.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import TextIO

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from afield.cli.output import plain
from afield.cli.session import Session

PIPED_WIDTH = 500
"""Nothing is cut when the output goes to a file or another program."""

STATUS_STYLES = {
    "running": "cyan",
    "finished": "green",
    "failed": "red",
    "killed": "red",
    "interrupted": "yellow",
}
VERDICT_STYLES = {
    "identical": "bold green",
    "equivalent": "green",
    "incomplete": "yellow",
    "diverged": "bold red",
}
CHECK_STYLES = {"pass": "green", "fail": "bold red", "not run": "yellow", "error": "bold red"}


def screen(session: Session, stream: TextIO | None = None) -> Console:
    """Return a console on a stream (stdout unless given)."""
    stream = sys.stdout if stream is None else stream
    drawn = session.is_terminal(stream)
    columns = session.environ.get("COLUMNS", "")
    width = int(columns) if columns.isdigit() and int(columns) else None
    return Console(
        file=stream,
        width=width or (None if drawn else PIPED_WIDTH),
        no_color=session.color is False,
        force_terminal=drawn and session.environ.get("TERM") != "dumb",
        highlight=False,
        markup=False,
        emoji=False,
        legacy_windows=False if os.name != "nt" else None,
    )


def draw(session: Session, *parts: RenderableType) -> None:
    """Print parts on stdout; where no terminal pads them, no line ends in spaces."""
    console = screen(session)
    if console.is_terminal:
        for part in parts:
            console.print(part)
        return
    with console.capture() as captured:
        for part in parts:
            console.print(part)
    for line in captured.get().splitlines():
        sys.stdout.write(line.rstrip() + "\n")


def styled(text: object, style: str = "") -> Text:
    """Return recorded text, made safe, in a style."""
    return Text(plain(text), style=style)


def grid(*, gap: int = 2) -> Table:
    """Return a table without lines, for labels and values."""
    table = Table.grid(padding=(0, gap, 0, 0))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    return table


def lines(texts: Sequence[Text], most: int | None) -> RenderableType:
    """Return texts below one another, the first `most` of them and how many more there are."""
    return with_rest(Group(*texts[:most]), len(texts), most)


def with_rest(shown: RenderableType, count: int, most: int | None) -> RenderableType:
    """Return the first `most` of `count` things with a line on how many more there are."""
    if most is None or count <= most:
        return shown
    return Group(shown, styled(f"… and {count - most:,} more (--all)", "dim"))


def status_text(status: str, exit_code: int | None = None) -> Text:
    """Return a run's status in its colour, with the exit code when that tells something."""
    text = Text()
    text.append(status, style=STATUS_STYLES.get(status, ""))
    if exit_code:
        text.append(f" ({exit_code})")
    return text


def verdict_text(verdict: str | None) -> Text:
    """Return a verdict in its colour, or nothing."""
    text = Text()
    text.append(verdict or "", style=VERDICT_STYLES.get(verdict or "", ""))
    return text
