"""Strict JSON on a stream, and text of strangers made safe for a terminal.

Everything that a program reads goes through `emit_json`; every recorded text that a person
sees goes through `plain`.
"""

from __future__ import annotations

import math
import re
import sys
from datetime import datetime
from typing import Any, TextIO

from afield.kernel.late import late

_CONTROLS = late(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
_ESCAPES_KEPT = late(r"(\x1b\[[0-9;]*m|[\n\r\t])")

_COLUMNS = late(r"\s*(\S+\s{2,}){0,3}")
_STYLE = late(r"\x1b\[[0-9;]*m")
_STYLES = {"bold": "\x1b[1m", "cyan": "\x1b[36m", "yellow": "\x1b[33m"}
_PLAIN = "\x1b[0m"

HIDDEN = "afield: what looks like a secret was replaced by `redacted:…` before it was written"
"""Said when a person's own words held a secret."""


def emit_json(value: Any, stream: TextIO | None = None) -> None:
    """Write one JSON document and a newline: indented, in UTF-8, with no NaN literal."""
    import json  # seldom where a command is recorded

    stream = sys.stdout if stream is None else stream
    text = json.dumps(strict(value), indent=2, ensure_ascii=False, allow_nan=False)
    stream.write(text.encode("utf-8", "replace").decode() + "\n")


def emit_json_line(value: Any, stream: TextIO | None = None) -> None:
    """Write one JSON document on one line, at once: for what arrives bit by bit."""
    import json  # as above

    stream = sys.stdout if stream is None else stream
    text = json.dumps(strict(value), ensure_ascii=False, allow_nan=False)
    stream.write(text.encode("utf-8", "replace").decode() + "\n")
    stream.flush()


def strict(value: Any) -> Any:
    """Return a value as strict JSON has it: `nan` and infinities as text, times as ISO 8601."""
    if isinstance(value, float) and not math.isfinite(value):
        return "nan" if math.isnan(value) else ("inf" if value > 0 else "-inf")
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, dict):
        return {str(key): strict(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [strict(item) for item in value]
    return value


def folded(line: str, width: int) -> list[str]:
    """Return a line in pieces no wider than a terminal, the later ones below its last column.

    Columns are set apart by two spaces. What is to be pasted, or is styled, stays whole.
    """
    import textwrap  # only where a terminal is narrow

    if len(line) <= width or "\x1b" in line or "afield " in line:
        return [line]
    head = _COLUMNS().match(line)
    before = len(head[0]) if head is not None else 0
    indent = " " * (before if before < width // 2 else 2)
    return textwrap.wrap(
        line, width, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    )


def mark(text: str, *styles: str) -> str:
    """Return text in styles (`bold`, `cyan`, `yellow`), for `say`."""
    return "".join(map(_STYLES.__getitem__, styles)) + text + _PLAIN


def say(line: str, *, color: bool | None) -> None:
    """Write a line on stderr; its styles only to a terminal, and not where `color` is False."""
    if sys.platform == "win32":  # whose terminals need more for colours
        import click

        click.echo(line, err=True, color=color)
        return
    if color is False or not sys.stderr.isatty():
        line = _STYLE().sub("", line)
    sys.stderr.write(line + "\n")
    sys.stderr.flush()


def plain(text: object) -> str:
    """Return recorded text with every control character made visible, on one line."""
    return _CONTROLS().sub(_visible, str(text).replace("\n", "⏎").replace("\t", " "))


def safe_console(text: str) -> str:
    """Return recorded console text that can colour a terminal, but not steer it."""
    parts = _ESCAPES_KEPT().split(text)
    return "".join(
        part if index % 2 else _CONTROLS().sub(_visible, part) for index, part in enumerate(parts)
    )


def _visible(found: re.Match[str]) -> str:
    code = ord(found[0])
    return chr(0x2400 + code) if code < 0x20 else "·"  # noqa: PLR2004 - control pictures mirror C0
