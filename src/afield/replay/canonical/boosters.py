"""Models of XGBoost (`.json`) and LightGBM (text): the trees, numbers by tolerance.

XGBoost's settings are texts that hold numbers, and LightGBM notes how many bytes each tree
takes; plain JSON and plain text would call both a difference of content.
"""

from __future__ import annotations

import json
import re
from typing import Any

from afield.replay.canonical.look import Canonicaliser, Look
from afield.replay.canonical.tally import Tally
from afield.replay.canonical.ubjson import difference
from afield.replay.text import compare_text
from afield.replay.verdict import Judged

_LEARNER = re.compile(rb'\s*\{\s*"(?:learner"\s*:\s*\{|version"\s*:\s*\[[\d,\s]{5,40}\]\s*,)')
_TREE_SIZES = re.compile(r"^tree_sizes=[\d ]*$", re.MULTILINE)


def compare_xgboost(old: bytes, new: bytes, look: Look) -> Judged | None:
    """Compare two JSON models by value; None for any other JSON."""
    if not (_LEARNER.match(old) and _LEARNER.match(new)):
        return None
    try:
        left, right = (json.loads(data, object_pairs_hook=_unique) for data in (old, new))
        if "learner" not in left or "learner" not in right:
            return None
        tally = Tally(look.tolerance)
        return tally.judged("xgboost", difference(left, right, "", tally))
    except (ValueError, RecursionError):
        return None


def compare_lightgbm(old: bytes, new: bytes, look: Look) -> Judged | None:
    """Compare two models as text, but for the sizes of their trees."""
    try:
        left, right = (_TREE_SIZES.sub("tree_sizes=", data.decode("utf-8")) for data in (old, new))
    except UnicodeDecodeError:
        return None
    found = compare_text(look.old.exact(left), look.new.exact(right), look.tolerance)
    return Judged(found.grade, "lightgbm", found.detail)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("repeated key")
    return found


XGBOOST = Canonicaliser("xgboost", compare_xgboost, suffixes=(".json", ".model"))
LIGHTGBM = Canonicaliser(
    "lightgbm", compare_lightgbm, magic=(b"tree\nversion=v", b"tree\r\nversion=v")
)
