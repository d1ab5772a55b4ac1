"""Any text: line by line with folders and temporary paths masked, numbers by tolerance.

Logs are masked like the console as well. Text is what decodes as UTF-8 and holds no NUL.
"""

from __future__ import annotations

from afield.replay.canonical.look import Canonicaliser, Look
from afield.replay.masks import Masks, last_frames
from afield.replay.text import compare_text
from afield.replay.verdict import Grade, Judged

_CONTROL_MAX = 0.01


def compare(old: bytes, new: bytes, look: Look) -> Judged | None:
    """Compare two texts."""
    texts = _decode(old), _decode(new)
    if texts[0] is None or texts[1] is None:
        return None
    left, right = look.old.paths(texts[0]), look.new.paths(texts[1])
    found = compare_text(left, right, look.tolerance)
    detail = found.detail
    if found.grade is Grade.CONTENT and (left, right) != texts:
        detail = "only folders differ"
    return Judged(found.grade, "text", detail)


def compare_log(old: bytes, new: bytes, look: Look) -> Judged | None:
    """Compare two logs, masked like the console."""
    left, right = _decode(old), _decode(new)
    if left is None or right is None:
        return None
    return compare_console(left, right, look, name="log")


def compare_console(old: str, new: str, look: Look, *, name: str = "console") -> Judged:
    """Compare what two runs printed, with every mask of `replay.masks` applied."""
    if old == new:
        return Judged(Grade.BYTES, name)
    left, right = _fresh(look.old), _fresh(look.new)
    found = compare_text(
        left.clean(last_frames(old)), right.clean(last_frames(new)), look.tolerance
    )
    if found.grade is not Grade.CONTENT:
        return Judged(found.grade, name, found.detail)
    used = sorted(set(left.used) | set(right.used))
    return Judged(Grade.CONTENT, name, f"masked: {', '.join(used)}" if used else None)


def _fresh(masks: Masks) -> Masks:
    return Masks(masks.folders, masks.window)


def _decode(data: bytes) -> str | None:
    if b"\0" in data:
        return None
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return None
    control = sum(text.count(chr(code)) for code in range(1, 9))
    return None if control > _CONTROL_MAX * len(text) else text


TEXT = Canonicaliser("text", compare, suffixes=("",))
LOG = Canonicaliser("log", compare_log, suffixes=(".log", ".out", ".err"))
