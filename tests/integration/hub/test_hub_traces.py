"""`/api/v1/traces`: pages of traces, and one with its spans."""

from __future__ import annotations

import json

AT = "/api/v1/traces"


def _send(client, number, start, code=1):
    span = {
        "traceId": f"{number:032x}",
        "spanId": "1" * 16,
        "name": "ask",
        "startTimeUnixNano": str(start * 1_000_000),
        "endTimeUnixNano": str(9_000_000),
        "status": {"code": code},
        "attributes": [{"key": "input.value", "value": {"stringValue": "why?"}}],
    }
    body = json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]})
    headers = {"content-type": "application/json", "x-mlflow-experiment-id": "0"}
    assert client.post("/v1/traces", content=body, headers=headers).status_code == 200
    return f"tr-{number:032x}"


def test_traces_are_told_page_by_page_and_whole(client):
    ids = [_send(client, number, number, code=number) for number in (1, 2)]
    first = client.get(AT, params={"limit": 1}).json()
    assert [one["id"] for one in first["traces"]] == ids[1:]
    rest = client.get(AT, params={"limit": 1, "cursor": first["next"]}).json()
    assert [one["id"] for one in rest["traces"]] == ids[:1]
    assert rest["next"] is None
    failed = client.get(AT, params={"state": "ERROR", "experiment": "default"}).json()["traces"]
    assert [(one["id"], one["request"], one["duration_ms"]) for one in failed] == [
        (ids[1], "why?", 7)
    ]
    assert client.get(AT, params={"experiment": "other"}).json()["traces"] == []
    whole = client.get(f"{AT}/{ids[0]}").json()
    assert (whole["project"], whole["spans"][0]["name"]) == ("default", "ask")
    assert client.get(f"{AT}/{ids[0][:20]}").status_code == 404
    assert client.get(AT, params={"cursor": "!"}).status_code == 400
