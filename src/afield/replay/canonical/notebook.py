"""Notebooks: the cells and what each has put out, by kind; without what only tells how they ran.

Ids, counts, metadata (kernel, times, sizes on a screen) and the order in which the two streams
of one cell were mixed do not count. Text is compared as a console is, images by their pixels,
JSON by its values, each by the canonicaliser of its own kind.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from afield.replay.canonical.look import Canonicaliser, Look, join_members
from afield.replay.canonical.plain import compare_console
from afield.replay.limits import MEMBERS_MAX
from afield.replay.text import clip, first_difference
from afield.replay.verdict import Grade, Judged
from afield.runs.cells import Cell, joined, read_document

NAME = "ipynb"
_BINARY = re.compile(r"image/(?!svg)|application/(?:pdf|octet-stream)")
_ENDINGS = {
    "image/png": "png",
    "image/jpeg": "jpg",
    "image/svg+xml": "svg",
    "application/pdf": "pdf",
}
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")
_WIDGET = "application/vnd.jupyter.widget-view+json"
_GENERATED = re.compile(
    r"\b[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\b|\bT_[0-9a-f]{5}(?=[_\"'\s#{>])"
)
"""Ids that are made up anew for each piece of HTML: UUIDs, and those of pandas' styled tables."""


def compare(old: bytes, new: bytes, look: Look) -> Judged | None:
    """Compare two notebooks cell by cell."""
    left, right = read_document(old), read_document(new)
    if left is None or right is None or max(len(left.cells), len(right.cells)) > MEMBERS_MAX:
        return None
    if len(left.cells) != len(right.cells):
        return _diverged(f"{len(left.cells)} vs {len(right.cells)} cells")
    judged: list[tuple[str, Judged]] = []
    number = 0
    try:
        for one, other in zip(left.cells, right.cells, strict=True):
            number += one.kind == "code"
            place = f"cell {number}" if one.kind == "code" else f"{one.kind} after cell {number}"
            named = replace(look, name=f"{look.name}.cell-{number}")
            judged += [(f"{place}{where}", found) for where, found in _cell(one, other, named)]
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None
    return join_members(judged, canonicaliser=NAME)


def _cell(one: Cell, other: Cell, look: Look) -> Iterator[tuple[str, Judged]]:
    if one.kind != other.kind:
        yield "", _diverged(f"{one.kind} vs {other.kind}")
        return
    if look.old.exact(one.source) != look.new.exact(other.source):
        lines = _first_unlike(one.source, other.source)
        yield "", _diverged(f"other code: {first_difference(*lines)}")
        return
    for name in ("stdout", "stderr"):
        texts = _stream(one, name), _stream(other, name)
        if any(texts):
            yield f", {name}", compare_console(*texts, look, name="text")
    left, right = _results(one), _results(other)
    if len(left) != len(right):
        yield "", _diverged(f"{len(left)} vs {len(right)} results")
        return
    for number, (mine, theirs) in enumerate(zip(left, right, strict=True), start=1):
        place, named = "", look
        if len(left) > 1:
            place, named = f", result {number}", replace(look, name=f"{look.name}-{number}")
        for where, found in _result(mine, theirs, named):
            yield place + where, found


def _result(
    one: Mapping[str, Any], other: Mapping[str, Any], look: Look
) -> Iterator[tuple[str, Judged]]:
    kinds = one["output_type"], other["output_type"]
    if "error" in kinds:
        texts = [_error(side) if side["output_type"] == "error" else "" for side in (one, other)]
        if not all(texts):
            said = " vs ".join(clip(text.split("\n")[0], 60) or "none" for text in texts)
            yield "", _diverged(f"error: {said}")
        else:
            yield ", error", compare_console(texts[0], texts[1], look, name="text")
        return
    mine, theirs = one.get("data", {}), other.get("data", {})
    for mime in sorted({*mine, *theirs}):
        if mime not in mine or mime not in theirs:
            side = "missing" if mime in mine else "only"
            yield f" ({mime})", _diverged(f"{side} in the reproduction")
        elif mime != _WIDGET:
            yield f" ({mime})", _data(mime, mine[mime], theirs[mime], look)


def _data(mime: str, one: Any, other: Any, look: Look) -> Judged:
    if one == other:
        return Judged(Grade.BYTES)
    name = f"{look.name}.{_ENDINGS.get(mime, 'bin')}"
    if _BINARY.match(mime):
        return look.judge(name, _decoded(one), _decoded(other), look)
    if mime == "image/svg+xml":
        return look.judge(name, joined(one).encode(), joined(other).encode(), look)
    if mime.endswith("json") or not isinstance(one, str | list):
        old, new = json.dumps(one).encode(), json.dumps(other).encode()
        return look.judge(f"{mime}.json", old, new, look)
    texts = joined(one), joined(other)
    if mime in {"text/html", "application/javascript"}:
        texts = _without_ids(texts[0]), _without_ids(texts[1])
    return compare_console(texts[0], texts[1], look, name="text")


def _without_ids(text: str) -> str:
    """Name generated ids by their order of appearance."""
    names: dict[str, str] = {}
    return _GENERATED.sub(
        lambda found: names.setdefault(found[0], f"generated-{len(names) + 1}"), text
    )


def _decoded(value: Any) -> bytes:
    text = joined(value)
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except binascii.Error:
        return text.encode()


def _stream(cell: Cell, name: str) -> str:
    """Return all that a cell wrote to a stream, in however many parts it came."""
    found = (one for one in cell.outputs if one["output_type"] == "stream")
    return "".join(joined(one["text"]) for one in found if one.get("name", "stdout") == name)


def _results(cell: Cell) -> list[Mapping[str, Any]]:
    return [one for one in cell.outputs if one["output_type"] != "stream"]


def _error(output: Mapping[str, Any]) -> str:
    head = f"{output['ename']}: {output['evalue']}"
    return _COLOURS.sub("", "\n".join([head, *map(joined, output.get("traceback", ()))]))


def _first_unlike(old: str, new: str) -> tuple[str | None, str | None]:
    left, right = old.split("\n"), new.split("\n")
    for at in range(max(len(left), len(right))):
        pair = (left[at] if at < len(left) else None, right[at] if at < len(right) else None)
        if pair[0] != pair[1]:
            return pair
    return old, new


def _diverged(detail: str) -> Judged:
    return Judged(Grade.DIVERGED, NAME, clip(detail))


NOTEBOOK = Canonicaliser(NAME, compare, suffixes=(".ipynb",))
