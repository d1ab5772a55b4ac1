"""The causes at the end: where a difference showed that nothing recorded explains.

Which place comes first, a line of the `console`, a step of a `metric`, an `output` or the
`exit` state, the comparison has decided: what diverged comes before what is within tolerance.
"""

from __future__ import annotations

from afield.replay.causes.cause import Cause, Known, Side
from afield.replay.causes.seed import unknown_seeds
from afield.replay.causes.suspects import suspects
from afield.replay.causes.words import cut
from afield.replay.text import clip


def ask_symptom(old: Side, new: Side, known: Known) -> Cause | None:
    """Name the first place, what of the code may differ by itself, and what nobody watched."""
    shown = next(iter(known.symptoms), None)
    if shown is None:
        return None
    by_itself = suspects(old)
    detail = clip("; ".join((shown.detail, *by_itself[:1])))
    unwatched = unknown_seeds(old.manifest, new.manifest)
    return Cause(shown.kind, detail, cut((*shown.evidence, *by_itself, *unwatched)))
