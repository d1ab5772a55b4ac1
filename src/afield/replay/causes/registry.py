"""The one list of causes, in the order in which they are asked; a new cause is one line here."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from afield.replay.causes.arguments import ask_arguments
from afield.replay.causes.cause import Ask, Cause, Known, Show, Side
from afield.replay.causes.code import ask_code
from afield.replay.causes.environment import ask_environment
from afield.replay.causes.inputs import ask_inputs
from afield.replay.causes.machine import ask_machine
from afield.replay.causes.seed import ask_seed
from afield.replay.causes.symptom import ask_symptom
from afield.replay.causes.unread import ask_unread
from afield.replay.causes.variables import ask_variables
from afield.replay.gaps import Gap

CAUSES: tuple[Ask, ...] = (
    ask_code,
    ask_environment,
    ask_inputs,
    ask_arguments,
    ask_variables,
    ask_seed,
    ask_machine,
    ask_unread,
    ask_symptom,
)


def first_cause(
    old: Side,
    new: Side,
    *,
    gaps: Iterable[Gap] = (),
    symptoms: Iterable[Cause] = (),
    show: Show,
    causes: Sequence[Ask] = CAUSES,
) -> Cause | None:
    """Return the first cause in order, or None when nothing is known to differ.

    Args:
        old: the recorded side.
        new: the side that it is compared to.
        gaps: what could not be restored; stands in for what the new side cannot show.
        symptoms: where the difference showed, in the order in which they count.
        show: words the difference of two objects.
        causes: what is asked, in this order.
    """
    known = Known(show, tuple(gaps), tuple(symptoms))
    for ask in causes:
        if (found := ask(old, new, known)) is not None:
            return found
    return None
