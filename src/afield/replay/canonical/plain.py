"""Any text: line by line with folders and temporary paths masked, numbers by tolerance.

Logs are masked like the console as well. Text is what decodes as UTF-8 and holds no NUL.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from afield.replay.canonical.look import Canonicaliser, Look
from afield.replay.masks import Masks, last_frames
from afield.replay.text import TextDifference, clip, compare_text, first_difference
from afield.replay.timing import holds_only_times
from afield.replay.verdict import Grade, Judged

_CONTROL_MAX = 0.01


def compare(old: bytes, new: bytes, look: Look) -> Judged | None:
    """Compare two texts."""
    texts = _decode(old), _decode(new)
    if texts[0] is None or texts[1] is None:
        return None
    old_text, new_text = look.old.exact(texts[0]), look.new.exact(texts[1])
    if old_text == new_text:
        return Judged(Grade.CONTENT, "text", "only folders differ")
    left, right = look.old.paths(old_text), look.new.paths(new_text)
    found = compare_text(left, right, look.tolerance)
    told = _masked((old_text, new_text), (left, right), ("temporary paths",))
    return _judged(found, "text", told, hollow=False)


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
    raw = look.old.exact(last_frames(old)), look.new.exact(last_frames(new))
    if raw[0] == raw[1]:
        same = look.old.exact(old) == look.new.exact(new)
        if same:
            return Judged(Grade.CONTENT, name, "only folders and run names differ")
        told = "only redrawn frames of progress bars differ"
        return Judged(Grade.CONTENT, name, told, (told,))
    left, right = _fresh(look.old), _fresh(look.new)
    clean = _clean(raw, left, right)
    found = compare_text(*clean, look.tolerance)
    kinds = sorted((set(left.used) | set(right.used)) - {"paths", "run names"})
    hollow = all(holds_only_times(text) for text in clean)
    return _judged(found, name, _masked(raw, clean, kinds), hollow=hollow)


def _clean(raw: tuple[str, str], left: Masks, right: Masks) -> tuple[str, str]:
    """Mask both texts; of texts with as many lines only those that differ, which is quicker."""
    old, new = (text.replace("\r\n", "\n").split("\n") for text in raw)
    if len(old) != len(new):
        return left.clean(raw[0]), right.clean(raw[1])
    unlike = [at for at, (one, other) in enumerate(zip(old, new, strict=True)) if one != other]
    for lines, masks in ((old, left), (new, right)):
        masked = masks.clean("\n".join(lines[at] for at in unlike)).split("\n")
        for at, line in zip(unlike, masked, strict=True):
            lines[at] = line
    return "\n".join(old), "\n".join(new)


def _judged(found: TextDifference, name: str, told: str | None, *, hollow: bool) -> Judged:
    detail = found.detail
    if found.grade is Grade.CONTENT and told:
        detail = f"only {told}"
    unjudged = (f"{told}; masked, not judged",) if told else ()
    return Judged(found.grade, name, detail, unjudged, hollow and bool(told))


def _masked(raw: tuple[str, str], clean: tuple[str, str], kinds: Sequence[str]) -> str | None:
    """Word what differs only in what was masked; masks keep lines, so these stand in pairs."""
    if not kinds:
        return None
    sides = [text.replace("\r\n", "\n").split("\n") for text in (*raw, *clean)]
    first, count = None, 0
    for number, (old, new, left, right) in enumerate(zip(*sides, strict=False), start=1):
        if old != new and left == right:
            first = first or f"line {number}: {first_difference(old, new)}"
            count += 1
    if first is None:
        return None
    more = f" (and {count - 1} more lines)" if count > 1 else ""
    return clip(f"{' and '.join(kinds)} differ: {first}{more}")


def _fresh(masks: Masks) -> Masks:
    return replace(masks, used=Counter())


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
