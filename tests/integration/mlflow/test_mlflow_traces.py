"""Traces over HTTP: spans by OpenTelemetry's protocol, assessments, searches, and bad input."""

from __future__ import annotations

import gzip
import json
import zlib

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

V3 = "/api/3.0"
AT = "/mlflow/traces"
SECRET = "sk-proj-" + "Zk3vQ9xR7mT2wL5nB8cH1jD4" * 2  # fits the rule for such keys, and is nobody's


INFO = {
    "trace_id": "tr-1",
    "trace_location": {"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": {"experiment_id": "0"}},
}


def _span(number, name="work", *, parent=None, start=10, end=20, code=1, **noted):
    """Return a span in the protocol's JSON; times in milliseconds."""
    found = {
        "traceId": "0" * 31 + "a",
        "spanId": f"{number:016x}",
        "name": name,
        "startTimeUnixNano": str(start * 1_000_000),
        "endTimeUnixNano": str(end * 1_000_000),
        "status": {"code": code},
        "attributes": [{"key": key, "value": value} for key, value in noted.items()],
    }
    if parent:
        found["parentSpanId"] = f"{parent:016x}"
    return found


def _count(number):
    return {"gen_ai.usage.input_tokens": {"intValue": number}}


def _text(value):
    return {"stringValue": value}


def _send(http, spans, kind="application/json", experiment="0", **headers):
    body = spans
    if not isinstance(spans, bytes):
        body = json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": spans}]}]}).encode()
    told = {"content-type": kind, "x-mlflow-experiment-id": experiment, **headers}
    return http.raw.post("/v1/traces", content=body, headers=told)


def _start(http, trace, **more):
    info = {
        "trace_id": trace,
        "trace_location": {
            "type": "MLFLOW_EXPERIMENT",
            "mlflow_experiment": {"experiment_id": "0"},
        },
        "request_time": "1970-01-01T00:00:00.005Z",
        "execution_duration": "1.5s",
        "state": "OK",
        **more,
    }
    told = http.ok("POST", AT, prefix=V3, trace={"trace_info": info})
    return told["trace"]["trace_info"]


def _search(http, text="", **more):
    place = {"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": {"experiment_id": "0"}}
    asked = {"locations": [place], "filter": text, **more}
    return http.ok("POST", f"{AT}/search", prefix=V3, **asked)


def _ids(http, text="", **more):
    return [one["trace_id"] for one in _search(http, text, **more)["traces"]]


def _assess(http, trace, name, **more):
    asked = {
        "assessment_name": name,
        "source": {"source_type": "HUMAN", "source_id": "ann"},
        **more,
    }
    at = f"{AT}/{trace}/assessments"
    return http.ok("POST", at, prefix=V3, assessment=asked)["assessment"]


def test_spans_alone_make_a_trace_with_times_state_tokens_session_and_previews(http):
    child = _span(2, "ask", parent=1, start=12, end=18, **_count("3"))
    root = _span(1, "serve", code=2, **{"input.value": _text("why?"), "session.id": _text("s1")})
    assert _send(http, [child]).json() == {}
    assert _send(http, [root, _span(3, "ask", parent=1, **_count(4))]).status_code == 200
    trace = "tr-" + "0" * 31 + "a"
    found = http.ok("GET", f"{AT}/get", prefix=V3, trace_id=trace)["trace"]
    info = found["trace_info"]
    assert (info["state"], info["execution_duration"]) == ("ERROR", "0.010s")
    assert info["request_time"] == "1970-01-01T00:00:00.010Z"
    assert info["request_preview"] == "why?"
    assert info["trace_metadata"]["mlflow.trace.session"] == "s1"
    assert json.loads(info["trace_metadata"]["mlflow.trace.tokenUsage"]) == {"input_tokens": 7}
    assert [span["name"] for span in found["spans"]] == ["serve", "ask", "ask"]
    assert _ids(http, "metadata.`mlflow.trace.session` = 's1'") == [trace]
    assert _ids(http, "span.name = 'serve' AND span.status = 'OK'") == []
    assert _ids(http, "span.name = 'serve' AND span.status = 'ERROR'") == [trace]
    assert _ids(http, "trace.text LIKE '%hy?%'") == [trace]


def test_protobuf_and_packed_bodies_mean_the_same(http):
    request = ExportTraceServiceRequest()
    span = request.resource_spans.add().scope_spans.add().spans.add()
    span.trace_id, span.span_id, span.name = bytes(15) + b"\x0b", bytes(7) + b"\x01", "packed"
    span.start_time_unix_nano, span.end_time_unix_nano = 10**6, 3 * 10**6
    noted = span.attributes.add()
    noted.key = "deep"
    inner = noted.value.kvlist_value.values.add()
    inner.key = "list"
    inner.value.array_value.values.add().double_value = 0.5
    body = request.SerializeToString()
    kind = "application/x-protobuf"
    for encoding, pack in (("gzip", gzip.compress), ("deflate", zlib.compress)):
        sent = _send(http, pack(body), kind, **{"content-encoding": encoding})
        assert (sent.status_code, sent.content) == (200, b"")
        assert sent.headers["content-type"] == kind
    trace = "tr-" + "0" * 31 + "b"
    (found,) = http.ok("GET", f"{AT}/batchGet", prefix=V3, trace_ids=[trace])["traces"]
    (noted,) = found["spans"][0]["attributes"]
    deep = noted["value"]["kvlist_value"]["values"][0]
    assert deep == {"key": "list", "value": {"array_value": {"values": [{"double_value": 0.5}]}}}


def test_no_body_is_too_clever_for_the_spans_door(http):
    bomb = gzip.compress(bytes(64 << 20), 9)
    nested = {"stringValue": "x"}
    for _ in range(200):
        nested = {"arrayValue": {"values": [nested]}}
    wire = "application/x-protobuf"
    tries = [
        (_send(http, bomb, wire, **{"content-encoding": "gzip"}), 413),
        (_send(http, bomb[:-9], wire, **{"content-encoding": "gzip"}), 413),
        (_send(http, b"\x1f\x8b", wire, **{"content-encoding": "gzip"}), 400),
        (_send(http, b"x", wire, **{"content-encoding": "br"}), 400),
        (_send(http, b"\xff" * 50, wire), 400),
        (_send(http, b"", wire), 400),
        (_send(http, b"{", "application/json"), 400),
        (_send(http, b"[1]", "application/json"), 400),
        (_send(http, b'{"resourceSpans": 7}', "application/json"), 400),
        (_send(http, b'{"a":' * 5000 + b"1" + b"}" * 5000, "application/json"), 400),
        (_send(http, [_span(1, deep=nested)]), 400),
        (_send(http, [_span(1, huge={"intValue": "9" * 30})]), 400),
        (_send(http, [{**_span(1), "traceId": "zz"}]), 400),
        (_send(http, [{**_span(1), "spanId": "0" * 16}]), 400),
        (_send(http, [{**_span(1), "startTimeUnixNano": "-1"}]), 400),
        (_send(http, [{**_span(1), "startTimeUnixNano": str(1 << 64)}]), 400),
        (_send(http, [_span(1, **{"mlflow.traceRequestId": _text("../../x")})]), 400),
        (_send(http, [_span(1)], "text/plain"), 400),
        (_send(http, [_span(1)], experiment="77"), 404),
        (_send(http, [_span(1)], experiment=""), 400),
    ]
    assert [(sent.status_code, sent.text) for sent, code in tries if sent.status_code != code] == []
    assert _ids(http) == []


def test_odd_attributes_of_spans_are_kept_or_left_and_never_fail(http):
    odd = _span(
        1,
        **{
            "mlflow.chat.tokenUsage": _text("[1]"),
            "mlflow.llm.cost": _text("[" * 5000),
            "gen_ai.usage.input_tokens": _text("many"),
            "input.value": _text("[" * 5000),
            "half": {},
            "output.value": _text('{"big": 1' + "0" * 400 + "}"),
            "session.id": _text("s" * 100_000),
            "nan": {"doubleValue": "NaN"},
        },
    )
    assert _send(http, [odd]).status_code == 200
    (trace,) = _ids(http)
    (span,) = http.ok("GET", f"{AT}/get", prefix=V3, trace_id=trace)["trace"]["spans"]
    kept = {one["key"]: one["value"] for one in span["attributes"]}
    assert kept["half"] == {}
    huge = {"kvlistValue": {"values": [{"key": "input_tokens", "value": {"doubleValue": 1e308}}]}}
    assert _send(http, [_span(2, **{"mlflow.chat.tokenUsage": huge})]).status_code == 200
    told = http.ok("GET", f"{AT}/{trace}", prefix=V3)["trace"]["trace_info"]["trace_metadata"]
    assert "mlflow.trace.tokenUsage" not in told
    assert kept["nan"] == {"string_value": "nan"}


def test_secrets_in_spans_and_findings_are_replaced_and_prose_is_in_no_entry(http, tmp_path):
    _send(http, [_span(1, **{"input.value": _text(f"use {SECRET} as Ann's key")})])
    (trace,) = _ids(http)
    _assess(http, trace, "tone", feedback={"value": "Ann was rude"}, rationale=f"it says {SECRET}")
    found = http.raw.get(f"{V3}{AT}/get", params={"trace_id": trace}).text
    assert "as Ann's key" in found
    assert SECRET not in found
    lines = b"".join(path.read_bytes() for path in (tmp_path / "w").rglob("journal/**/*.log"))
    assert b"trace.assessed" in lines
    assert b"Ann" not in lines
    assert SECRET.encode() not in lines


def test_findings_are_made_read_replaced_searched_and_taken_away(http):
    _start(http, "tr-1", trace_metadata={"mlflow.trace.session": "s"})
    _start(http, "tr-2", trace_metadata={"mlflow.trace.session": "s"})
    _start(http, "tr-3")
    first = _assess(http, "tr-1", "good", feedback={"value": "a bit"})
    second = _assess(
        http, "tr-1", "good", feedback={"value": 4.0}, overrides=first["assessment_id"]
    )
    at = f"{AT}/tr-1/assessments/{second['assessment_id']}"
    assert http.ok("GET", at, prefix=V3)["assessment"] == second
    assert _ids(http, "feedback.good = '4'") == ["tr-1"]
    assert _ids(http, "feedback.good = 'a bit'") == []
    http.ok(
        *("PATCH", at), prefix=V3, update_mask="rationale,metadata",
        assessment={"rationale": "so", "metadata": {"mlflow.trace.session": "s", "camelCase": "x"}},
    )  # fmt: skip
    changed = http.ok("GET", at, prefix=V3)["assessment"]
    assert changed["metadata"]["camelCase"] == "x"
    assert changed["last_update_time"] > second["last_update_time"]
    assert set(_ids(http, "feedback.good = '4'")) == {"tr-1", "tr-2"}  # it is of the session
    assert _ids(http, "feedback.good IS NULL") == ["tr-3"]
    http.ok("DELETE", at, prefix=V3)
    http.ok("DELETE", at, prefix=V3)
    assert _ids(http, "feedback.good = 'a bit'") == ["tr-1"]
    assert http.refused("GET", at, prefix=V3)[0] == "RESOURCE_DOES_NOT_EXIST"
    code, _ = http.refused(
        *("PATCH", at.replace(second["assessment_id"], first["assessment_id"])), prefix=V3,
        update_mask="expectation", assessment={"expectation": {"value": 1}},
    )  # fmt: skip
    assert code == "INVALID_PARAMETER_VALUE"


def test_searches_page_through_everything_once_in_their_order(http):
    for number in range(7):
        _send(
            http,
            [
                {
                    **_span(1, f"step {number % 2}", start=number, end=9),
                    "traceId": f"{number + 1:032x}",
                }
            ],
        )
    seen, token = [], None
    while True:
        more = {} if token is None else {"page_token": token}
        page = _search(http, "span.name = 'step 0'", max_results=2, order_by=["timestamp"], **more)
        seen += [one["trace_id"][-1] for one in page["traces"]]
        token = page.get("next_page_token")
        if token is None:
            break
    assert seen == ["1", "3", "5", "7"]
    longest = _ids(http, "end_time = 9", order_by=["execution_time DESC"])
    assert [one[-1] for one in longest] == list("1234567")


def test_tags_links_and_deletion(http):
    _start(http, "tr-1", tags={"userName": "x"})
    _start(http, "tr-2", request_time="1970-01-01T00:00:01Z")
    run = http.run()
    http.ok("PATCH", f"{AT}/tr-1/tags", key="team", value="risk")
    http.ok("POST", f"{AT}/link-to-run", run_id=run, trace_ids=["tr-1", "tr-1"])
    prompt = {"name": "ask", "version": "3"}
    http.ok("POST", f"{AT}/link-prompts", trace_id="tr-1", prompt_versions=[prompt])
    tags = http.ok("GET", f"{AT}/tr-1", prefix=V3)["trace"]["trace_info"]["tags"]
    assert tags.pop("mlflow.artifactLocation").endswith("/0/traces/tr-1/artifacts")
    assert tags == {"team": "risk", "userName": "x"}
    for text in (f"run_id = '{run}'", "prompt = 'ask/3'", "tags.team ILIKE 'RISK'"):
        assert _ids(http, text) == ["tr-1"]
    http.ok("DELETE", f"{AT}/tr-1/tags", key="team")
    assert http.refused("DELETE", f"{AT}/tr-1/tags", key="team")[0] == "RESOURCE_DOES_NOT_EXIST"
    gone = {"experiment_id": "0", "max_timestamp_millis": 500}
    beside = "/api/2.0/mlflow-artifacts/artifacts/0/traces/tr-1/artifacts/traces.json"
    assert http.raw.put(beside, content=b"words of Ann").status_code == 200
    assert http.raw.get(beside).content == b"words of Ann"
    assert http.ok("POST", f"{AT}/delete-traces", **gone) == {"traces_deleted": 1}
    assert _ids(http) == ["tr-2"]
    assert http.raw.get(beside).status_code == 404
    assert http.refused("GET", f"{AT}/tr-1", prefix=V3)[0] == "RESOURCE_DOES_NOT_EXIST"


def test_a_tag_that_looks_like_the_name_of_an_object_breaks_nothing(http):
    name = "object:" + "a" * 64
    _start(http, "tr-1", tags={"odd": name}, request_time="9999-12-31T23:59:59.999Z")
    (found,) = _search(http)["traces"]
    assert (found["tags"]["odd"], found["request_time"]) == (name, "9999-12-31T23:59:59.999Z")


BAD = [
    ("POST", f"{AT}/search", {}),
    ("POST", f"{AT}/search", {"locations": [], "max_results": 501}),
    ("POST", f"{AT}/search", {"locations": [], "page_token": "!"}),
    ("POST", f"{AT}/search", {"locations": [], "order_by": ["nope"]}),
    ("POST", AT, {"trace": {}}),
    ("POST", AT, {"trace": {"trace_info": {**INFO, "request_time": "0001-01-01T00:00:00+14:00"}}}),
    ("POST", AT, {"trace": {"trace_info": {**INFO, "execution_duration": "long"}}}),
    ("POST", AT, {"trace": {"trace_info": {"trace_id": "../x"}}}),
    ("GET", f"{AT}/get", {}),
    ("GET", f"{AT}/batchGet", {}),
    ("POST", f"{AT}/batchGetInfos", {"trace_ids": ["x"] * 1001}),
    ("POST", f"{AT}/delete-traces", {"experiment_id": "0"}),
    ("POST", f"{AT}/delete-traces", {"experiment_id": "0", "request_ids": ["a"], "max_traces": 1}),
    ("POST", f"{AT}/link-to-run", {"run_id": "nope", "trace_ids": ["tr-1"]}),
    ("POST", f"{AT}/no/assessments", {"assessment": {"assessment_name": "x"}}),
    ("PATCH", f"{AT}/no/tags", {"key": "a", "value": "b"}),
    ("POST", f"{AT}/metrics", {}),
]


@pytest.mark.parametrize(("method", "path", "asked"), BAD)
def test_bad_requests_are_refused_in_words(shared, method, path, asked):
    prefix = "/api/2.0" if path.endswith(("tags", "traces", "run")) and method != "GET" else V3
    prefix = V3 if path == AT else prefix
    shared.refused(method, path, prefix=prefix, **asked)


@pytest.mark.parametrize(
    "text",
    [
        "nope = 'x'", "span.nope = 'x'", "trace.status < 'OK'", "timestamp = 'x'", "name",
        "tags.a IN ('x')", "prompt LIKE 'a/1'", "prompt = 'a'", "span.content = 'x'", "a.b = 1",
        "status = 'OK' OR status = 'x'", "tags.x = '" + "%" * 65 + "'", "` = 'x'", "run_id IN (",
        "span.attributes. = 'x'", "feedback.a > 'x'", "status = ", "IN", "name IS", '"',
        "run_id IN ()",
    ],
)  # fmt: skip
def test_filters_that_mean_nothing_are_refused(shared, text):
    place = {"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": {"experiment_id": "0"}}
    code, _ = shared.refused("POST", f"{AT}/search", prefix=V3, locations=[place], filter=text)
    assert code == "INVALID_PARAMETER_VALUE"
