"""Assessments of traces: what people, judges and checks found, said once and said anew."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from typing import Any

import msgspec

from afield.journal import Draft
from afield.members.actions import Action
from afield.mlflow_rest import limits
from afield.mlflow_rest.decode import missing_value, wrong_value
from afield.mlflow_rest.errors import invalid, missing
from afield.mlflow_rest.names import check_length
from afield.mlflow_rest.route import Call, Rpc
from afield.mlflow_rest.traces import messages as tm
from afield.mlflow_rest.traces.infos import document_of
from afield.mlflow_rest.traces.keep import flush, keep
from afield.mlflow_rest.traces.known import may_edit, shown_id, trace_of
from afield.mlflow_rest.traces.limits import ASSESSMENTS_MAX, PAIRS_MAX, RATIONALE_CHARS_MAX
from afield.mlflow_rest.traces.times import from_moment, to_moment
from afield.traces import events, query
from afield.traces.events import EXPECTATION, FEEDBACK, ISSUE, Value
from afield.traces.limits import ID_CHARS_MAX, NAME_CHARS_MAX, VALUE_CHARS_MAX
from afield.traces.spans import said

SESSION = "mlflow.trace.session"
_SOURCES = {"0": "SOURCE_TYPE_UNSPECIFIED", "1": "HUMAN", "2": "LLM_JUDGE", "3": "CODE"}
_HUMP = re.compile(r"(?<=[a-z])([A-Z])")
_INTEGER_MAX = 1 << 53
_WORD = re.compile(r"[\w\-.]+")


def create(call: Call, asked: tm.Assess) -> dict[str, tm.Assessment]:
    """Say what was found of a trace."""
    if asked.assessment is None:
        raise missing_value("assessment")
    found = may_edit(call, call.path["trace_id"])
    over = asked.assessment.overrides
    if over and all(one.id != over for one in _of(call, found.id)):
        raise missing(f"Assessment with ID '{over[:100]}' not found for trace '{found.id}'")
    asked.assessment.assessment_id = None
    document = _checked(call, found.id, asked.assessment)
    call.append(_kept(call, document))
    document.trace_id = shown_id(found.id)
    return {"assessment": document}


def get(call: Call, _: tm.Ref) -> dict[str, tm.Assessment]:
    """Return what was found."""
    found = trace_of(call, call.path["trace_id"], Action.TRACE_READ)
    return {"assessment": _document(call, found.id)}


def update(call: Call, asked: tm.Reassess) -> dict[str, tm.Assessment]:
    """Say anew what was found: the fields that the mask names."""
    if asked.assessment is None:
        raise missing_value("assessment")
    if not asked.update_mask:
        raise missing_value("update_mask")
    found = may_edit(call, call.path["trace_id"])
    document, new = _document(call, found.id), asked.assessment
    for path in asked.update_mask.split(","):
        name = _HUMP.sub(lambda hump: "_" + hump[1].lower(), path.strip())
        if name == "assessment_name":
            document.assessment_name = new.assessment_name
        elif name in (FEEDBACK, EXPECTATION):
            _replace(document, new, name)
        elif name == "rationale":
            document.rationale = new.rationale
        elif name == "metadata":
            document.metadata = {**document.metadata, **new.metadata}
    valid = document.valid
    document.last_update_time = to_moment(
        max(call.now_ms(), from_moment("last_update_time", document.last_update_time or "") + 1)
    )
    document = _checked(call, found.id, document)
    call.append(_kept(call, document))
    document.valid, document.trace_id = valid, shown_id(found.id)
    return {"assessment": document}


def delete(call: Call, _: tm.Ref) -> None:
    """Take a finding away; one that is not there is taken away already."""
    found = may_edit(call, call.path["trace_id"])
    wanted = call.path["assessment_id"]
    if any(one.id == wanted for one in _of(call, found.id)):
        call.append(events.unassessed(found.id, wanted))


def drafts_of(call: Call, trace: str, found: Sequence[tm.Assessment]) -> list[Draft]:
    """Return the entries for what is found of a trace as it is told of; flush before them.

    Raises:
        Rest: they are too many, or one cannot be.
    """
    if len(found) > ASSESSMENTS_MAX:
        raise invalid(f"a trace is told of with at most {ASSESSMENTS_MAX} assessments")
    return [_draft(call, _checked(call, trace, each)) for each in found]


def _of(call: Call, trace: str) -> list[query.Assessment]:
    return query.assessments(call.workspace.query, [trace]).get(trace, [])


def _document(call: Call, trace: str) -> tm.Assessment:
    """Return the assessment that the path names.

    Raises:
        Rest: there is none.
    """
    wanted = call.path["assessment_id"]
    some = _of(call, trace)
    for one in some:
        if one.id == wanted:
            document = document_of(call, one.document)
            document.valid = one.id not in query.overridden(some)
            document.trace_id = shown_id(trace)
            return document
    raise missing(f"Assessment with ID '{wanted[:100]}' not found for trace '{trace}'")


def _replace(document: tm.Assessment, new: tm.Assessment, name: str) -> None:
    """Put another value into an assessment of the same kind."""
    if getattr(document, name) is None:
        other = "an Expectation" if name == FEEDBACK else "a Feedback"
        raise invalid(f"Cannot update {name} value on {other} assessment.")
    if getattr(new, name) is None:
        raise missing_value(f"assessment.{name}")
    setattr(document, name, getattr(new, name))
    if name == FEEDBACK:
        document.error = None


def _checked(call: Call, trace: str, found: tm.Assessment) -> tm.Assessment:
    """Return an assessment with all that it needs.

    Raises:
        Rest: a part is missing, or cannot be.
    """
    if not found.assessment_name:
        raise missing_value("assessment.assessment_name")
    check_length("assessment_name", found.assessment_name, NAME_CHARS_MAX)
    if sum(each is not None for each in (found.feedback, found.expectation, found.issue)) != 1:
        raise invalid("Exactly one of `expectation`, `feedback`, or `issue` should be specified.")
    source = found.source
    if source is None or source.source_type is None:
        raise missing_value("assessment.source")
    kind = _SOURCES.get(str(source.source_type), source.source_type)
    if kind not in _SOURCES.values():
        raise wrong_value("source_type", source.source_type)
    source.source_type = kind
    _serialize(found.expectation)
    for name in ("span_id", "overrides", "assessment_id"):
        check_length(name, getattr(found, name) or "", ID_CHARS_MAX)
    check_length("source_id", source.source_id or "", limits.KEY_CHARS_MAX)
    check_length("rationale", found.rationale or "", RATIONALE_CHARS_MAX)
    if len(found.metadata) > PAIRS_MAX:
        raise invalid(f"an assessment has at most {PAIRS_MAX} pieces of metadata")
    now = to_moment(call.now_ms())
    found.create_time = _moment("create_time", found.create_time) or now
    found.last_update_time = _moment("last_update_time", found.last_update_time) or now
    found.assessment_id = found.assessment_id or f"a-{os.urandom(16).hex()}"
    found.trace_id, found.valid = trace, True
    return found


def _serialize(found: tm.Expectation | None) -> None:
    """Turn a value that is no scalar into text, as clients expect it."""
    if found is not None and isinstance(found.value, list | dict):
        text = msgspec.json.encode(found.value).decode()
        found.serialized_value = tm.Serialized("JSON_FORMAT", text)
        found.value = None


def _moment(name: str, text: str | None) -> str | None:
    return text if text and from_moment(name, text) else None


def _kept(call: Call, document: tm.Assessment) -> Draft:
    draft = _draft(call, document)
    flush(call)
    return draft


def _draft(call: Call, found: tm.Assessment) -> Draft:
    assert found.trace_id, "it was checked"
    assert found.assessment_id, "it was checked"
    assert found.assessment_name, "it was checked"
    what = ISSUE if found.issue else EXPECTATION if found.expectation else FEEDBACK
    return events.assessed(
        found.trace_id,
        found.assessment_id,
        name=found.assessment_name,
        what=what,
        document=keep(call, found, tm.Assessment),
        value=_short(value_of(found)),
        overrides=found.overrides,
        in_session=SESSION in found.metadata,
    )


def value_of(found: tm.Assessment) -> Any:
    """Return what an assessment says in one value; whole numbers as integers."""
    value: Any = None
    if found.feedback is not None:
        value = found.feedback.value
    elif found.expectation is not None:
        value = found.expectation.value
        serialized = found.expectation.serialized_value
        if serialized is not None and serialized.value is not None:
            value = said(serialized.value)
    elif found.issue is not None:
        value = found.issue.issue_name
    return int(value) if isinstance(value, float) and _is_whole(value) else value


def _short(value: Any) -> Value:
    """Return what may stand in an entry: numbers, truths and single words; prose may not."""
    if isinstance(value, str):
        return value if len(value) <= VALUE_CHARS_MAX and _WORD.fullmatch(value) else None
    return value if isinstance(value, bool | int | float) else None


def _is_whole(value: float) -> bool:
    return value.is_integer() and abs(value) < _INTEGER_MAX


_ALL = "/mlflow/traces/{trace_id}/assessments"
_ONE = f"{_ALL}/{{assessment_id}}"
_EDIT, _NEW = Action.RUN_READ, ("3.0",)
RPCS = (
    Rpc("POST", _ALL, _EDIT, tm.Assess, create, _NEW),
    Rpc("GET", _ONE, Action.TRACE_READ, tm.Ref, get, _NEW),
    Rpc("PATCH", _ONE, _EDIT, tm.Reassess, update, _NEW),
    Rpc("DELETE", _ONE, _EDIT, tm.Ref, delete, _NEW),
)
