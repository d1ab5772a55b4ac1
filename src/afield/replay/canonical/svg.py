"""SVG: the drawing, without the file's date, comments and the names of generated ids.

Plotting libraries name clip paths and markers by a salted hash; such ids are renamed by their
order of appearance on both sides. Everything else is compared as text, numbers by tolerance.
"""

from __future__ import annotations

import re

from afield.replay.canonical.look import Canonicaliser, Look
from afield.replay.text import compare_text
from afield.replay.verdict import Grade, Judged

NAME = "svg"
_DATE = re.compile(r"<dc:date>[^<]{0,64}</dc:date>")
_GENERATED = re.compile(r'\bid="([A-Za-z_]{0,12}[0-9a-f]{10,40})"')
_REFERENCE = re.compile(r'(id="|url\(#|href="#)([A-Za-z_]{0,12}[0-9a-f]{10,40})(?=["\)])')


def compare(old: bytes, new: bytes, look: Look) -> Judged | None:
    """Compare two drawings as canonical text."""
    try:
        left, right = _canonical(old), _canonical(new)
    except UnicodeDecodeError:
        return None
    if left is None or right is None:
        return None
    found = compare_text(left, right, look.tolerance)
    return Judged(found.grade, NAME, found.detail if found.grade > Grade.CONTENT else None)


def _canonical(data: bytes) -> str | None:
    text = data.decode("utf-8")
    if "<svg" not in text[:65536]:
        return None
    text = _without_comments(_DATE.sub("<dc:date></dc:date>", text))
    names: dict[str, str] = {}
    for found in _GENERATED.finditer(text):
        names.setdefault(found[1], f"generated-{len(names) + 1}")
    return _REFERENCE.sub(lambda found: found[1] + names.get(found[2], found[2]), text)


def _without_comments(text: str) -> str:
    kept, at = [], 0
    while (start := text.find("<!--", at)) >= 0:
        end = text.find("-->", start)
        if end < 0:
            break
        kept.append(text[at:start])
        at = end + len("-->")
    return "".join((*kept, text[at:]))


SVG = Canonicaliser(NAME, compare, suffixes=(".svg",), magic=(b"<svg",))
