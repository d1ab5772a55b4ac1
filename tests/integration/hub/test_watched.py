"""What the server tells of itself: /metrics, the log, traces."""

from __future__ import annotations

import io
import json
import logging
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from starlette.testclient import TestClient

from afield.hub.app import local_app
from afield.hub.counts import BLOCK_BYTES, Counts
from afield.hub.logs import JsonLines
from afield.hub.spans import make_spans
from afield.hub.watched import ACCESS, Watched

BASE = "http://127.0.0.1:5151"


@pytest.fixture
def watched(hosted):
    """Return a client of the app as a process serves it."""
    with TestClient(Watched(local_app(hosted), Counts()), base_url=BASE) as found:
        yield found


def metric(client, line):
    for found in client.get("/metrics").text.splitlines():
        if found.startswith(f"{line} "):
            return float(found.rpartition(" ")[2])
    return None


def test_requests_are_counted_by_part_method_and_status(watched):
    name = "afield_http_requests_total"
    for path in ("/health", "/api/v1/runs", "/api/v1/runs/none", "/api/2.0/none"):
        watched.get(path)
    watched.delete("/health")
    assert metric(watched, f'{name}{{part="other",method="GET",status="2xx"}}') == 1
    assert metric(watched, f'{name}{{part="api",method="GET",status="2xx"}}') == 1
    assert metric(watched, f'{name}{{part="api",method="GET",status="4xx"}}') == 1
    assert metric(watched, f'{name}{{part="mlflow",method="GET",status="4xx"}}') == 1
    assert metric(watched, f'{name}{{part="other",method="DELETE",status="4xx"}}') == 1
    seconds = "afield_http_request_seconds"
    assert metric(watched, f'{seconds}_count{{part="api"}}') == 2
    assert metric(watched, f'{seconds}_bucket{{part="api",le="+Inf"}}') == 2
    assert metric(watched, "afield_http_requests_running") == 1  # that which asks
    assert metric(watched, "afield_record_entries") > 3


def test_every_line_of_metrics_is_of_the_format_and_every_name_has_its_type(watched):
    watched.get("/api/v1/runs")
    typed = set()
    for line in watched.get("/metrics").text.splitlines():
        if line.startswith("# TYPE "):
            typed.add(line.split()[2])
        elif not line.startswith("#"):
            name = line.partition("{")[0].split()[0]
            stem = name
            for ending in ("_bucket", "_sum", "_count"):
                stem = stem.removesuffix(ending)
            assert {name, stem} & typed, line
            float(line.rpartition(" ")[2])


def test_workers_count_together_and_a_new_one_goes_on(tmp_path):
    path = str(tmp_path / "counts")
    first, second = Counts(path, 0, 2), Counts(path, 1, 2)
    for counts in (first, second, second):
        counts.begin()
        counts.end("/api/v1/runs", "GET", 200, 0.02, 100)
    second.begin()
    second.close()
    replaced = Counts(path, 1, 2)
    assert dict(first.requests()) == {("api", "GET", "2xx"): 3}
    assert (first.sent_bytes, first.running) == (300, 0)
    assert dict(replaced.requests()) == dict(first.requests())
    assert (tmp_path / "counts").stat().st_size == 2 * BLOCK_BYTES
    first.close()
    replaced.close()


@contextmanager
def logged():
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonLines())
    before = ACCESS.level
    ACCESS.addHandler(handler)
    ACCESS.setLevel(logging.INFO)
    lines = []
    try:
        yield lines
    finally:
        ACCESS.removeHandler(handler)
        ACCESS.setLevel(before)
        lines += map(json.loads, stream.getvalue().splitlines())


def test_a_request_is_one_line_of_json_without_what_stands_in_its_query(watched, hosted):
    with logged() as lines:
        watched.get("/api/v1/runs", params={"query": "afd_secret"})
        watched.get("/api/v1/a%0Ab")
    first, second = lines
    assert first["http"]["path"] == "/api/v1/runs"
    assert first["http"]["status"] == 400
    assert first["http"]["member"] == hosted.config.member
    assert "afd_secret" not in json.dumps(first)
    assert second["http"]["path"] == "/api/v1/a\nb"  # and on one line


def test_what_breaks_is_logged_with_its_place():
    error = RuntimeError("broken")
    info = (RuntimeError, error, None)
    record = logging.LogRecord("afield.hub", logging.ERROR, __file__, 1, "met %s", ("x",), info)
    line = json.loads(JsonLines().format(record))
    assert (line["level"], line["message"]) == ("error", "met x")
    assert "RuntimeError: broken" in line["exception"]


class _Collector(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        self.server.taken.append((self.path, body))
        self.send_response(200)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


@contextmanager
def collector():
    with HTTPServer(("127.0.0.1", 0), _Collector) as server:
        server.taken = []
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


def test_a_request_is_a_span_of_its_clients_trace(hosted, monkeypatch):
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

    with collector() as server:
        environ = {"OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{server.server_port}"}
        monkeypatch.setenv(*next(iter(environ.items())))
        spans = make_spans(environ)
        app = Watched(local_app(hosted), Counts(), spans)
        with TestClient(app, base_url=BASE) as client:
            trace = "0af7651916cd43dd8448eb211c80319c"
            client.get("/health", headers={"traceparent": f"00-{trace}-b7ad6b7169203331-01"})
        spans.close()
        ((path, body),) = server.taken
    assert path == "/v1/traces"
    (resource,) = ExportTraceServiceRequest.FromString(body).resource_spans
    (span,) = resource.scope_spans[0].spans
    told = {one.key: one.value.string_value or one.value.int_value for one in span.attributes}
    assert span.trace_id.hex() == trace
    assert told == {
        "http.request.method": "GET",
        "url.path": "/health",
        "http.response.status_code": 200,
    }


@pytest.mark.parametrize(
    "environ",
    [{}, {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1", "OTEL_SDK_DISABLED": "true"}],
)
def test_nothing_is_traced_unless_it_is_asked_for(environ):
    assert make_spans(environ) is None
