"""How much two filters of traces go together: the normalised pointwise mutual information.

See G. Bouma, "Normalized (pointwise) mutual information in collocation extraction" (2009): -1 for
what never meets, 0 for what is independent, 1 for what always comes together. The smoothed one
adds half a trace to each of the four cases (the prior of Jeffreys).
"""

from __future__ import annotations

import math

from afield.members.actions import Action
from afield.mlflow_rest.decode import missing_value, require
from afield.mlflow_rest.route import Call, Rpc
from afield.mlflow_rest.traces import messages as tm
from afield.mlflow_rest.traces.known import places_of
from afield.mlflow_rest.traces.search import TraceSearch

_PRIOR = 0.5
_Number = float | str


def correlate(call: Call, asked: tm.Correlate) -> dict[str, _Number]:
    """Count the traces that fit one filter, the other, and both."""
    if asked.experiment_ids is None and not asked.filter_string1:
        raise missing_value("experiment_ids")
    require(filter_string1=asked.filter_string1, filter_string2=asked.filter_string2)
    within = places_of(call, asked.experiment_ids or [])
    base = f"{asked.base_filter} AND " if asked.base_filter else ""
    every = TraceSearch(asked.base_filter or "", ()).ids(call, within)
    first = TraceSearch(f"{base}{asked.filter_string1}", ()).ids(call, within)
    second = TraceSearch(f"{base}{asked.filter_string2}", ()).ids(call, within)
    counts = (len(first & second), len(first), len(second), len(every))
    joint, one, other, total = counts
    both = one > 0 and other > 0
    plain = -1.0 if not joint else _information(counts, 0)
    return {
        "npmi": _number(plain if both else math.nan),
        "npmi_smoothed": _number(_information(counts, _PRIOR) if both else math.nan),
        "filter1_count": one,
        "filter2_count": other,
        "joint_count": joint,
        "total_count": total,
    }


def _information(counts: tuple[int, int, int, int], prior: float) -> float:
    """Return the information of both, of one, of the other and of all; `prior` is added to each."""
    joint, one, other, total = counts
    if joint == total:
        return 1.0
    both, everything = joint + prior, total + 4 * prior
    singles = math.log(one + 2 * prior) + math.log(other + 2 * prior)
    shared = math.log(both) - math.log(everything)
    found = (math.log(both) + math.log(everything) - singles) / -shared
    return max(-1.0, min(1.0, found))


def _number(value: float) -> _Number:
    return "NaN" if math.isnan(value) else value


RPCS = (
    Rpc(
        *("POST", "/mlflow/traces/calculate-filter-correlation", Action.TRACE_READ),
        *(tm.Correlate, correlate, ("3.0",)),
    ),
)
