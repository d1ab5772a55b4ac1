"""Using up the server: bodies, numbers, filters, patterns, pages and ranges beyond all reason.

Each is answered with a refusal, or with no more than was asked for; none is a fault of ours.
"""

from __future__ import annotations

import base64
import gzip
import io
import json
import zipfile

import pytest
from attacked import up

from afield.hub import limits
from afield.mlflow_rest import limits as mlflow_limits

API = "/api/2.0/mlflow"
DEEP = 100_000


@pytest.fixture(scope="module")
def machine(tmp_path_factory):
    with up(tmp_path_factory.mktemp("up") / "w") as found:
        yield found


@pytest.fixture(scope="module")
def client(machine):
    return machine[1]


@pytest.fixture(scope="module")
def run(client):
    made = client.post(f"{API}/runs/create", json={"experiment_id": "0", "start_time": 1})
    return made.json()["run"]["info"]["run_id"]


def search(client, **asked):
    return client.post(f"{API}/runs/search", json={"experiment_ids": ["0"], **asked})


def post(client, path, body, **headers):
    return client.post(path, content=body, headers={"content-type": "application/json", **headers})


def refused(answer, *statuses):
    """Say that a request was refused, in a few words, and with nothing of our insides."""
    assert answer.status_code in (statuses or (400, 404, 413, 422)), answer.text[:300]
    assert len(answer.content) < 20_000
    for inside in ("Traceback", "sqlite", 'File "', "site-packages", ".py"):
        assert inside not in answer.text
    return answer


JSON_BOMBS = {
    "deep lists": b"[" * DEEP + b"]" * DEEP,
    "deep objects": b'{"a":' * DEEP + b"1" + b"}" * DEEP,
    "deep in a field": b'{"experiment_ids":' + b"[" * DEEP + b"]" * DEEP + b"}",
    "deep beside a camel": b'{"experimentIds":[],"x":' + b"[" * DEEP + b"]" * DEEP + b"}",
    "never closed": b"[" * DEEP,
    "a huge integer": b'{"max_results":' + b"9" * 1_000_000 + b"}",
    "a huge number with a camel": b'{"maxResults":' + b"9" * 1_000_000 + b"}",
    "a huge exponent": b'{"max_results":1e' + b"9" * 1000 + b"}",
    "an infinity": b'{"max_results":Infinity}',
    "twice encoded": json.dumps(json.dumps("[" * DEEP)).encode(),
    "no text": b"\xff\xfe\x00\x00",
    "half a sign": b'{"filter":"\\ud800"}',
    "half a sign with a camel": b'{"orderBy":["\\udfff"]}',
    "a byte order mark": b"\xef\xbb\xbf{",
    "a NUL": b'{"filter":"\\u0000"}',
}


@pytest.mark.parametrize("name", JSON_BOMBS)
@pytest.mark.parametrize("path", [f"{API}/runs/search", "/ajax-api/2.0/mlflow/runs/log-batch"])
def test_a_json_bomb_is_refused_by_mlflows_routes(client, path, name):
    refused(post(client, path, JSON_BOMBS[name]))


@pytest.mark.parametrize("name", [name for name in JSON_BOMBS if "camel" not in name])
def test_a_json_bomb_is_refused_by_the_api(client, run, name):
    refused(post(client, f"/api/v1/runs/{run}/notes", JSON_BOMBS[name]))


def test_of_a_key_that_comes_twice_one_value_counts_for_check_and_for_use(client, run):
    body = f'{{"run_id":"none","run_id":"{run}","key":"twice","value":"a","value":"b"}}'
    assert post(client, f"{API}/runs/set-tag", body.encode()).status_code == 200
    found = client.get(f"{API}/runs/get", params={"run_id": run}).json()["run"]["data"]["tags"]
    assert {"key": "twice", "value": "b"} in found


@pytest.mark.parametrize("value", ["1e400", "-1e400", '"1e400"', "1" + "0" * 400])
def test_a_number_that_would_be_another_one_is_not_kept(client, run, value):
    body = f'{{"run_id":"{run}","key":"m","value":{value},"timestamp":1}}'
    refused(post(client, f"{API}/runs/log-metric", body.encode()), 400)


def packed():
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as found:
        found.writestr("a.json", b" " * 10_000_000)
    return out.getvalue()


@pytest.mark.parametrize("path", [f"{API}/runs/search", "/api/v1/runs/first/notes"])
def test_what_comes_packed_is_never_unpacked(client, path):
    bomb = gzip.compress(b'{"experiment_ids":["0"]}' + b" " * 10_000_000)
    for encoding in ("gzip", "deflate", "br", "gzip, gzip"):
        refused(post(client, path, bomb, **{"content-encoding": encoding}))
    refused(post(client, path, packed()))


def test_a_packed_artifact_is_kept_as_it_came(client, run):
    at = f"/api/2.0/mlflow-artifacts/artifacts/0/{run}/artifacts/a.zip"
    bomb = packed()
    assert client.put(at, content=bomb, headers={"content-encoding": "gzip"}).status_code == 200
    answer = client.get(at)
    assert (answer.content, "content-encoding" in answer.headers) == (bomb, False)


def chunks(size_bytes):
    """Yield blanks without end, so to speak: a body whose length is not told."""
    block = b" " * (1 << 20)
    for _ in range(size_bytes // len(block) + 1):
        yield block


@pytest.mark.parametrize(
    ("path", "most"),
    [
        (f"{API}/runs/search", mlflow_limits.BODY_BYTES_MAX),
        ("/api/v1/runs/first/notes", limits.BODY_BYTES_MAX),
    ],
)
def test_a_body_over_the_bound_is_refused_whether_its_length_is_told_or_not(client, path, most):
    refused(post(client, path, chunks(most)), 413)
    refused(post(client, path, b"".join(chunks(most))), 413)


@pytest.mark.parametrize(
    "asked",
    [
        {"filter": "x" * (10 << 20)},
        {"filter": "(" * 10_000},
        {"filter": "params.a = 'b' and " * 500 + "params.a = 'b'"},
        {"filter": "`" * 10_001},
        {"filter": "'" * 10_001},
        {"filter": "params.a LIKE '" + "%a" * 5000 + "'"},
        {"filter": "params.a RLIKE '(a{1000}){1000}'"},
        {"filter": "params.a NOT LIKE 'a'"},
        {"filter": "params.a = 'b' OR 1 = 1"},
        {"filter": "params.a = 'b'; DROP TABLE runs"},
        {"filter": "attributes.run_id IN (" + "'a'," * 3000 + "'a')"},
        {"filter": "metrics.a > " + "9" * 20_000},
        {"order_by": ["a" + " " * 1_000_000 + "b"]},
        {"order_by": [f"params.p{number}" for number in range(1000)]},
        {"order_by": ["start_time"] * 100_000},
        {"max_results": 10**9},
        {"max_results": -1},
        {"max_results": 2**63},
        {"page_token": "A" * (1 << 20)},
        {"page_token": base64.b64encode(b"[" * DEEP).decode()},
        {"page_token": base64.b64encode(b'{"offset": ' + b"9" * 5000 + b"}").decode()},
        {"page_token": base64.b64encode(b'{"offset": -1}').decode()},
        {"page_token": base64.b64encode(b'{"offset": true}').decode()},
        {"page_token": "../../etc/passwd"},
        {"experiment_ids": [str(number) for number in range(20_000)]},
    ],
    ids=lambda asked: str(asked)[:40],
)
def test_a_search_beyond_reason_is_refused(client, asked):
    refused(search(client, **asked))


@pytest.mark.parametrize("path", ["experiments/search", "registered-models/search"])
@pytest.mark.parametrize(
    "asked",
    [
        {"filter": "x" * 20_000},
        {"filter": "name LIKE '" + "%a" * 5000 + "'"},
        {"filter": "name RLIKE '(a{1000}){1000}'"},
        {"order_by": ["name" + " " * 20_000 + "b"]},
        {"order_by": ["name"] * 1000},
        {"max_results": 10**9},
        {"page_token": "A" * 1000},
    ],
    ids=lambda asked: str(asked)[:40],
)
def test_other_searches_beyond_reason_are_refused(client, path, asked):
    if path.startswith("experiments"):
        answer = client.post(f"{API}/{path}", json=asked)
    else:
        answer = client.get(f"{API}/{path}", params=asked)
    refused(answer)


@pytest.mark.parametrize("sign", ["LIKE", "ILIKE"])
@pytest.mark.parametrize("pattern", ["a" * 5 + "%" * 60 + "b", "%a" * 60 + "b", "_%" * 60 + "é"])
def test_a_pattern_made_to_go_back_and_forth_ends_soon(client, run, sign, pattern):
    # exponential work on this text would not end in the time of a test at all
    said = {"run_id": run, "key": "long", "value": "a" * 5000}
    assert client.post(f"{API}/runs/set-tag", json=said).status_code == 200
    answer = search(client, filter=f"tags.long {sign} '{pattern}'")
    assert answer.status_code == 200, answer.text


@pytest.mark.parametrize("pattern", ["(a+)+$", "(a|a)*b", "(a*)*(a*)*b", "(.*)*(.*)*(.*)*c"])
def test_an_expression_made_to_go_back_and_forth_ends_soon(client, run, pattern):
    said = {"run_id": run, "key": "long", "value": "a" * 5000}
    assert client.post(f"{API}/runs/set-tag", json=said).status_code == 200
    answer = search(client, filter=f"tags.long RLIKE '{pattern}'")
    assert answer.status_code == 200, answer.text


@pytest.mark.parametrize(
    "value",
    [
        *("bytes=" + "9" * 6000 + "-", "bytes=-" + "9" * 6000, "bytes=0-" + "9" * 6000),
        *("bytes=" + ",".join(["0-"] * 1000), "bytes=5-1", "bytes=-0", "bytes=²-", "x" * 10_000),
    ],
    ids=lambda value: value[:12],
)
def test_a_range_beyond_reason_gives_the_file_once_or_nothing(client, run, value):
    at = f"/api/2.0/mlflow-artifacts/artifacts/0/{run}/artifacts/ranged.txt"
    assert client.put(at, content=b"0123456789").status_code == 200
    headers = [(b"range", value.encode())]
    for path in (at, f"/api/v1/runs/{run}/files/saved?path=ranged.txt"):
        answer = client.get(path, headers=headers)
        assert answer.status_code in (200, 206, 416), answer.text
        assert len(answer.content) <= 10


def test_a_query_of_many_parameters_is_refused_or_answered(client):
    many = "&".join(["a"] * 15_000)
    refused(client.get(f"{API}/experiments/get?{many}"), 400)
    assert client.get(f"/api/v1/runs?{many}").status_code < 500


def test_names_and_paths_longer_than_any_file_system_allows_are_not_found(client):
    for name in ("a" * 300, "a" * 15_000, "a/" * 5000, "%00", "%ff%fe", "..%5c" * 100):
        assert client.get(f"/{name}").status_code in (200, 404)  # 200: the page itself
        refused(client.get(f"/api/v1/runs/{name}"), 400, 404, 422)
        refused(client.get(f"{API}/runs/get?run_id={name}"), 400, 404)
        refused(client.get(f"/get-artifact?run_id={name}&path=a"), 400, 404)
        refused(client.get(f"/api/2.0/mlflow-artifacts/artifacts/{name}"), 400, 404)


def test_hundreds_of_headers_change_nothing(client):
    headers = [(f"x-{number}".encode(), b"a" * 50) for number in range(500)]
    assert client.get("/health", headers=headers).text == "OK"
