"""Metrics of traces over HTTP: by dimension, by time, of spans and findings; bad questions."""

from __future__ import annotations

import json

import pytest

METRICS = "/mlflow/traces/metrics"


@pytest.fixture(scope="module")
def told(shared):
    """Three traces: the last one by its spans alone, with what they cost."""
    for number, name, state in ((1, "a", "OK"), (2, "a", "ERROR")):
        info = {
            "trace_id": f"tr-{number}",
            "trace_location": {"mlflow_experiment": {"experiment_id": "0"}},
            "request_time": f"1970-01-01T00:00:0{number}Z",
            "execution_duration": f"0.{number}s",
            "state": state,
            "tags": {"mlflow.traceName": name, "a.b": "x"},
        }
        shared.ok("POST", "/mlflow/traces", prefix="/api/3.0", trace={"trace_info": info})
    spans = [
        {
            "traceId": "0" * 31 + "c",
            "spanId": f"{number:016x}",
            "name": "call",
            "startTimeUnixNano": "61000000000",
            "endTimeUnixNano": str(61_000_000_000 + number * 1_000_000),
            "status": {"code": 1},
            "attributes": [
                {"key": "mlflow.llm.model", "value": {"stringValue": "m"}},
                {
                    "key": "mlflow.llm.cost",
                    "value": {"stringValue": json.dumps({"total_cost": number})},
                },
            ],
        }
        for number in (10, 20, 40)
    ]
    body = json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": spans}]}]})
    headers = {"content-type": "application/json", "x-mlflow-experiment-id": "0"}
    assert shared.raw.post("/v1/traces", content=body, headers=headers).status_code == 200
    for value in (True, 0.5, "prose"):
        finding = {"assessment_name": "good", "feedback": {"value": value}}
        finding["source"] = {"source_type": "HUMAN", "source_id": "ann"}
        finding["create_time"] = "1970-01-01T00:00:01Z"
        path = "/mlflow/traces/tr-1/assessments"
        shared.ok("POST", path, prefix="/api/3.0", assessment={**finding, "trace_id": "tr-1"})
    return shared


def _asked(view, metric, *ways, **more):
    named = [
        {"aggregation_type": "PERCENTILE", "percentile_value": way}
        if isinstance(way, int)
        else {"aggregation_type": way}
        for way in ways
    ]
    return {
        "experiment_ids": ["0"],
        "view_type": view,
        "metric_name": metric,
        "aggregations": named,
        **more,
    }


@pytest.mark.parametrize(
    ("asked", "points"),
    [
        (
            _asked("TRACES", "trace_count", "COUNT", dimensions=["trace_status"]),
            [({"trace_status": "ERROR"}, {"COUNT": 1}), ({"trace_status": "OK"}, {"COUNT": 2})],
        ),
        (
            _asked("TRACES", "latency", "AVG", 50, dimensions=["trace_name"]),
            [({"trace_name": "a"}, {"AVG": 150.0, "P50.0": 150.0})],
        ),
        (
            _asked("TRACES", "trace_count", "COUNT", filters=["trace.tag.`a.b` = 'x'"]),
            [({}, {"COUNT": 2})],
        ),
        (
            _asked(
                *("TRACES", "trace_count", "COUNT"),
                time_interval_seconds=60,
                start_time_ms=0,
                end_time_ms=100_000,
            ),
            [
                ({"time_bucket": "1970-01-01T00:00:00+00:00"}, {"COUNT": 2}),
                ({"time_bucket": "1970-01-01T00:01:00+00:00"}, {"COUNT": 1}),
            ],
        ),
        (_asked("TRACES", "trace_count", "COUNT", end_time_ms=0), [({}, {"COUNT": 0})]),
        (_asked("TRACES", "total_tokens", "SUM"), []),
        (_asked(2, "latency", 75, filters=["span.name = 'call'"]), [({}, {"P75.0": 30.0})]),
        (_asked("SPANS", "latency", "AVG", filters=["span.name = 'none'"]), []),
        (
            _asked("SPANS", "total_cost", "SUM", dimensions=["span_model_name"]),
            [({"span_model_name": "m"}, {"SUM": 70.0})],
        ),
        (
            _asked("ASSESSMENTS", "assessment_value", "AVG", filters=["assessment.name = 'good'"]),
            [({}, {"AVG": 0.75})],
        ),
        (
            _asked("ASSESSMENTS", "assessment_count", "COUNT", dimensions=["assessment_value"]),
            [
                ({"assessment_value": '"prose"'}, {"COUNT": 1}),
                ({"assessment_value": "0.5"}, {"COUNT": 1}),
                ({"assessment_value": "true"}, {"COUNT": 1}),
            ],
        ),
    ],
)
def test_traces_spans_and_findings_are_counted_and_added_up(told, asked, points):
    answer = told.ok("POST", METRICS, prefix="/api/3.0", **asked)
    assert [(one["dimensions"], one["values"]) for one in answer["data_points"]] == points


def test_data_points_come_in_pages(told):
    asked = _asked("ASSESSMENTS", "assessment_count", "COUNT", dimensions=["assessment_value"])
    found, token = [], None
    while True:
        more = {"page_token": token} if token else {}
        answer = told.ok("POST", METRICS, prefix="/api/3.0", **asked, **more, max_results=2)
        found += answer["data_points"]
        token = answer.get("next_page_token")
        if token is None:
            break
    assert [one["dimensions"]["assessment_value"] for one in found] == ['"prose"', "0.5", "true"]


@pytest.mark.parametrize(
    "asked",
    [
        _asked("ROWS", "trace_count", "COUNT"),
        _asked("TRACES", "span_count", "COUNT"),
        _asked("TRACES", "trace_count", "AVG"),
        _asked("TRACES", "trace_count", "MEDIAN"),
        _asked("TRACES", "trace_count", "COUNT", dimensions=["span_name"]),
        _asked("TRACES", "latency", 101),
        _asked("TRACES", "trace_count", "COUNT", time_interval_seconds=60),
        *(
            _asked("TRACES", "trace_count", "COUNT", filters=[text])
            for text in (
                *("status = 'OK'", "trace.status != 'OK'", "trace.other = 'x'", "span.name = 'x'"),
                *("trace.tag = 'x'", "trace.status.x = 'x'", "trace.status = x", "other.x = 'x'"),
                *("", "`" * 4000, "trace.status = 'OK' AND trace.status = 'OK'"),
            )
        ),
    ],
)
def test_questions_that_mean_nothing_are_refused(shared, asked):
    answer = shared.raw.post(f"/api/3.0{METRICS}", json=asked)
    assert (answer.status_code, answer.json()["error_code"]) == (400, "INVALID_PARAMETER_VALUE")
