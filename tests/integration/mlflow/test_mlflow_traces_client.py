"""MLflow's own client, unmodified: what it traces comes back, with what was found of it."""

from __future__ import annotations

import json
import os
import subprocess
import sys

_SCRIPT = """
import json, sys
import mlflow
from mlflow.entities import SpanType
mlflow.set_tracking_uri(sys.argv[1])
mlflow.set_experiment("agents")

@mlflow.trace(span_type=SpanType.AGENT)
def answer(question):
    mlflow.update_current_trace(
        tags={"team": "risk"}, metadata={"mlflow.trace.session": "s1", "mlflow.trace.user": "ann"}
    )
    with mlflow.start_span("model", span_type=SpanType.CHAT_MODEL) as span:
        span.set_inputs({"messages": [{"role": "user", "content": question}]})
        span.set_attribute("mlflow.chat.tokenUsage",
            {"input_tokens": 3, "output_tokens": 4, "total_tokens": 7})
        span.set_outputs({"deep": [1, 2.5, None, {"ok": True}]})
    if question == "fail":
        raise ValueError("no")
    return question.upper()

with mlflow.start_run() as run:
    answer("why")
try:
    answer("fail")
except ValueError:
    pass
mlflow.flush_trace_async_logging()
failed = mlflow.get_last_active_trace_id()
(good,) = mlflow.search_traces(filter_string="status = 'OK'", return_type="list")
trace = mlflow.get_trace(good.info.trace_id)
mlflow.log_feedback(trace_id=trace.info.trace_id, name="good", value=True, rationale="so")
mlflow.log_expectation(trace_id=trace.info.trace_id, name="answer", value={"a": [1]})
found = mlflow.search_traces(filter_string="feedback.good = 'true'", return_type="list")
model = trace.search_spans(name="model")[0]
error = mlflow.get_trace(failed)
print(json.dumps({
    "spans": [(s.name, s.span_type, s.status.status_code.value) for s in trace.data.spans],
    "outputs": model.outputs,
    "tokens": trace.info.token_usage,
    "session": [trace.info.trace_metadata[f"mlflow.trace.{k}"] for k in ("session", "user")],
    "team": trace.info.tags["team"],
    "previews": [trace.info.request_preview, trace.info.response_preview],
    "failed": [error.info.state.value, error.data.spans[0].events[0].name],
    "findings": [(one.name, one.value) for one in found[0].info.assessments],
    "of_run": len(mlflow.search_traces(run_id=run.info.run_id, return_type="list")),
    "all": len(mlflow.search_traces(return_type="list")),
}))
"""


def test_mlflows_own_client_traces_assesses_and_finds(url, tmp_path):
    environ = {
        **os.environ,
        "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",
        "MLFLOW_DISABLE_TELEMETRY": "true",
    }
    done = subprocess.run(
        [sys.executable, "-c", _SCRIPT, url],
        env=environ, cwd=tmp_path, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.splitlines()[-1]) == {
        "spans": [["answer", "AGENT", "OK"], ["model", "CHAT_MODEL", "OK"]],
        "outputs": {"deep": [1, 2.5, None, {"ok": True}]},
        "tokens": {"input_tokens": 3, "output_tokens": 4, "total_tokens": 7},
        "session": ["s1", "ann"],
        "team": "risk",
        "previews": ['{"question": "why"}', '"WHY"'],
        "failed": ["ERROR", "exception"],
        "findings": [["good", True], ["answer", {"a": [1]}]],
        "of_run": 1,
        "all": 2,
    }
