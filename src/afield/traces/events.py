"""The facts about traces; `about` is the trace's id, which its client chose.

A trace is told of by whoever ends it, and its spans come in batches, before that or after: each is
enough for the trace to be there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from afield.journal import Draft
from afield.kernel.ids import ObjectId

TOLD = "trace.told"
SPANNED = "trace.spanned"
TAGGED = "trace.tagged"
ASSESSED = "trace.assessed"
UNASSESSED = "trace.unassessed"
LINKED = "trace.linked"
DELETED = "trace.deleted"

EVENTS = (TOLD, SPANNED, TAGGED, ASSESSED, UNASSESSED, LINKED, DELETED)

OK, ERROR, IN_PROGRESS, UNSPECIFIED = "OK", "ERROR", "IN_PROGRESS", "STATE_UNSPECIFIED"
STATES = (OK, ERROR, IN_PROGRESS, UNSPECIFIED)
FEEDBACK, EXPECTATION, ISSUE = "feedback", "expectation", "issue"
RUN, PROMPT = "run", "prompt"

Value = str | int | float | bool | None


def told(
    trace: str,
    *,
    experiment: str,
    request_ms: int,
    state: str,
    duration_ms: int | None = None,
    client: str | None = None,
    previews: ObjectId | None = None,
    metadata: Mapping[str, str] | None = None,
    tags: Mapping[str, str] | None = None,
    refs: Sequence[ObjectId] = (),
) -> Draft:
    """Say how a trace was as a whole; one that was deleted is there again.

    Args:
        trace: its id.
        experiment: the id of the experiment that it belongs to.
        request_ms: when it began, Unix milliseconds.
        state: one of `STATES`.
        duration_ms: how long it took.
        client: the id that the request has elsewhere.
        previews: the beginning of request and response, a JSON object.
        metadata: what never changes; long values are `object:<id>`.
        tags: its first tags, likewise.
        refs: the objects that `metadata` and `tags` name.
    """
    body = _given(
        experiment=experiment,
        request_ms=request_ms,
        state=state,
        duration_ms=duration_ms,
        client=client,
        previews=previews,
        metadata=dict(metadata or {}) or None,
        tags=dict(tags or {}) or None,
    )
    return Draft(TOLD, trace, body, _refs(previews, *refs))


def spanned(
    trace: str,
    *,
    experiment: str,
    spans: ObjectId,
    count: int,
    start_ms: int,
    end_ms: int | None,
    state: str | None = None,
    previews: ObjectId | None = None,
    metadata: Mapping[str, str] | None = None,
    tokens: Mapping[str, int] | None = None,
    cost: Mapping[str, float] | None = None,
    tags: Mapping[str, str] | None = None,
) -> Draft:
    """Say that spans of a trace were received.

    Args:
        trace: its id.
        experiment: the experiment of a trace of which nothing else is told.
        spans: the spans, as `spans.encode` has them.
        count: how many.
        start_ms: when the first began.
        end_ms: when the last of those that ended did.
        state: that of the root, if it is among them.
        previews: what the root was asked and answered, likewise.
        metadata: what the spans say of the whole trace, where nobody else does.
        tokens: used by these spans.
        cost: of these spans, in US dollars.
        tags: set by who received the spans.
    """
    body = _given(
        experiment=experiment,
        spans=spans,
        count=count,
        start_ms=start_ms,
        end_ms=end_ms,
        state=state,
        previews=previews,
        metadata=dict(metadata or {}) or None,
        tokens=dict(tokens or {}) or None,
        cost=dict(cost or {}) or None,
        tags=dict(tags or {}) or None,
    )
    return Draft(SPANNED, trace, body, _refs(spans, previews))


def tagged(
    trace: str,
    values: Mapping[str, str],
    unset: Sequence[str] = (),
    *,
    metadata: Mapping[str, str] | None = None,
    refs: Sequence[ObjectId] = (),
) -> Draft:
    """Set and unset tags, and set metadata; `refs` are the objects of long values."""
    body: dict[str, Any] = {"set": dict(values), "unset": list(unset)}
    if metadata:
        body["metadata"] = dict(metadata)
    return Draft(TAGGED, trace, body, tuple(refs))


def assessed(
    trace: str,
    assessment: str,
    *,
    name: str,
    what: str,
    document: ObjectId,
    value: Value = None,
    overrides: str | None = None,
    in_session: bool = False,
) -> Draft:
    """Say what somebody found of a trace, or found anew.

    Args:
        trace: its id.
        assessment: the id of the finding.
        name: what was looked at.
        what: `feedback`, `expectation` or `issue`.
        document: all of it, a JSON object.
        value: a number, a truth or a short word; None stands for what is only in the document.
        overrides: the finding that this one stands in for.
        in_session: it is of the whole session of the trace.
    """
    body = _given(
        id=assessment,
        name=name,
        what=what,
        document=document,
        value=value,
        overrides=overrides,
        in_session=in_session or None,
    )
    return Draft(ASSESSED, trace, body, (document,))


def unassessed(trace: str, assessment: str) -> Draft:
    """Take a finding away."""
    return Draft(UNASSESSED, trace, {"id": assessment})


def linked(trace: str, *, runs: Sequence[str] = (), prompts: Sequence[str] = ()) -> Draft:
    """Say to which runs, and versions of prompts (`name/version`), a trace belongs."""
    return Draft(LINKED, trace, {"runs": list(runs), "prompts": list(prompts)})


def deleted(trace: str, *, gone: bool) -> Draft:
    """Put a trace out of sight, or bring it back."""
    return Draft(DELETED, trace, {"deleted": gone})


def _given(**values: Any) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


def _refs(*found: ObjectId | None) -> tuple[ObjectId, ...]:
    return tuple(each for each in found if each is not None)
